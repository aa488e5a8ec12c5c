# shellcheck shell=bash
# Functions under the guarded names, for what the line hook cannot see: fc, eval, bind -x, sourced files. A function of
# the operator's own is left alone; an alias (rm='rm -i') stays in front of ours.
# shellcheck disable=SC2154 # `guardsh init` puts $__guardsh in front

__guardsh_name() { # NAME ARGUMENT…
  if [[ -x $__guardsh ]]; then "$__guardsh" run -- "$@"; else command "$@"; fi
}

__guardsh_names_start() {
  local name
  [[ $- == *i* ]] || return 0
  : "${__guardsh_functions=}"
  for name in rm wal-g pg_ctl pg_basebackup; do
    ! declare -F "$name" >/dev/null || continue
    eval "function $name { __guardsh_name $name \"\$@\"; }"
    __guardsh_functions+=" $name"
  done
}
__guardsh_names_start
