# Where nothing keeps the state of this node, an account's first shell starts what does: a watcher of the account's own,
# detached, which ends when the last shell has gone. Setting: GUARDSH_WATCH=off.
# Not where GUARDSH_STATE names a file: su keeps it, and which file root writes is for nobody else to say.

function __guardsh_watch_start
    status is-interactive; and test -t 0 -a -t 2 -a -z "$GUARDSH_STATE"; or return 0
    test "$GUARDSH_WATCH" != off -a -x "$__guardsh"; or return 0
    __guardsh_state_read
    test -z "$__guardsh_state_kept"; or return 0
    # The node's own file is there, but old: root's affair.
    test $__guardsh_state_file != /run/guardsh/state -o "$EUID" = 0; or return 0
    # At the first prompt already the shell registers in that directory.
    set -l start '[ -d "$1/terminals" ] || mkdir -p -m 755 -- "$1" "$1/terminals"; exec "$0" watch --background'
    command sh -c $start $__guardsh (path dirname -- $__guardsh_state_file) </dev/null >/dev/null 2>&1 &
    disown $last_pid 2>/dev/null
end
__guardsh_watch_start
