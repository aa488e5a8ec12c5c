# As login.sh, in fish: the login shell of an account in a group becomes a shielded one, or stays as it is.

function __guardsh_login_is_meant
    status is-login; and status is-interactive; and test -z "$GUARDSH_SHIELD" -a -t 0 -a -t 1 -a -t 2; or return 1
    test ! -e /etc/guardsh/no-login-shield -a ! -e ~/.config/guardsh/no-login-shield; or return 1
    string match -rq "^(Gid:\s+\d+\s+|Groups:(.*\s)?)$__guardsh_gid(\s|\$)" </proc/self/status
end

function __guardsh_login -a name
    set -l said (timeout --foreground -s KILL 15 $__guardsh_program shell --try $fish_pid </dev/null 2>&1)
    switch "$said"
        case 'enter /*'
            test -x /bin/bash
            and exec /bin/bash -c $__guardsh_become $__guardsh_program $name (string replace 'enter ' '' -- $said)
            __guardsh_login_failed 'there is no /bin/bash'
        case inside
            set -gx GUARDSH_SHIELD 1
        case 'not needed'
        case '*'
            test -n "$said[-1]"; or set said 'guardsh shell does not answer'
            __guardsh_login_failed (string replace -r '^guardsh: ' '' -- $said[-1])
    end
end

function __guardsh_login_failed -a why
    echo "guardsh: this shell is not shielded: $why" >&2
end

set -g __guardsh_become 'trap "" INT QUIT; shopt -s execfail; exec "$0" shell --login "$1" "$2"
trap - INT QUIT; echo "guardsh: this shell is not shielded: $0 could not be started again" >&2
GUARDSH_SHIELD=off exec -a "$1" "$2"'
if __guardsh_login_is_meant
    set -l words (string split0 </proc/self/cmdline)
    test (count $words) = 1; and string match -q -- '-*' $words[1]; and __guardsh_login $words[1]
end
set -e __guardsh_program __guardsh_gid __guardsh_become
functions -e __guardsh_login_is_meant __guardsh_login __guardsh_login_failed
