# shellcheck shell=sh
# The login shell of an account in a group becomes a shielded one (docs/shield.md). Whatever fails here, the shell that
# reads this goes on as it is. For bash, dash, ksh and zsh; before it stand __guardsh_program and __guardsh_gid.

# Not what is no person's login shell at a terminal, nor what somebody has turned off, nor what is in a shield already.
__guardsh_login_is_meant() { # the name that the shell was started by, the number of its words
  [ -z "${GUARDSH_SHIELD-}" ] && [ "$2" = 0 ] && [ -t 0 ] && [ -t 1 ] && [ -t 2 ] || return 1
  case $-/$1 in *i*/-*) ;; *) return 1 ;; esac
  [ ! -e /etc/guardsh/no-login-shield ] && [ ! -e "${HOME-}/.config/guardsh/no-login-shield" ]
}

# By the kernel's word, without a process: a directory service that hangs keeps nobody out.
__guardsh_login_is_member() {
  [ -r /proc/self/status ] || return 1
  while read -r __guardsh_field __guardsh_one __guardsh_two __guardsh_rest; do
    case $__guardsh_field in
      Gid:) [ "$__guardsh_two" != "$__guardsh_gid" ] || return 0 ;;
      Groups:)
        case " $__guardsh_one $__guardsh_two $__guardsh_rest " in *" $__guardsh_gid "*) return 0 ;; esac
        return 1
        ;;
    esac
  done </proc/self/status
  return 1
}

# First all of it in a child: only what has just worked is put in the shell's place; by bash, the one shell that can go
# on where exec fails. No key ends what stands in for a shell.
__guardsh_login() { # the name that the shell was started by
  __guardsh_said=$(timeout --foreground -s KILL 15 "$__guardsh_program" shell --try "$$" </dev/null 2>&1)
  case $__guardsh_said in
    'enter /'*)
      [ ! -x /bin/bash ] ||
        exec /bin/bash -c "$__guardsh_become" "$__guardsh_program" "$1" "${__guardsh_said#enter }"
      __guardsh_said='there is no /bin/bash'
      ;;
    inside) GUARDSH_SHIELD=1 && export GUARDSH_SHIELD && return ;;
    'not needed') return ;;
  esac
  __guardsh_said=${__guardsh_said##*"$__guardsh_newline"}
  __guardsh_said=${__guardsh_said#guardsh: }
  printf 'guardsh: this shell is not shielded: %s\n' "${__guardsh_said:-guardsh shell does not answer}" >&2
}

: "${__guardsh_program:=guardsh}" "${__guardsh_gid:=none}"
__guardsh_newline='
'
# shellcheck disable=SC2016 # that bash expands it
__guardsh_become='trap "" INT QUIT; shopt -s execfail; exec "$0" shell --login "$1" "$2"
trap - INT QUIT; echo "guardsh: this shell is not shielded: $0 could not be started again" >&2
GUARDSH_SHIELD=off exec -a "$1" "$2"'
# zsh has the name of this file in $0
if __guardsh_login_is_meant "${ZSH_ARGZERO-$0}" "$#" && __guardsh_login_is_member; then
  __guardsh_login "${ZSH_ARGZERO-$0}"
fi
unset __guardsh_program __guardsh_gid __guardsh_newline __guardsh_said __guardsh_become
unset __guardsh_field __guardsh_one __guardsh_two __guardsh_rest
unset -f __guardsh_login_is_meant __guardsh_login_is_member __guardsh_login
