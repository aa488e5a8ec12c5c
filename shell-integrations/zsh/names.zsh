# Functions under the guarded names, for what the line hook cannot see: fc, eval, sourced files. A function of the
# operator's own is left alone; an alias (rm='rm -i') stays in front of ours.

__guardsh_name() { # NAME ARGUMENT…
  if [[ -x $__guardsh ]]; then "$__guardsh" run -- "$@"; else command "$@"; fi
}

__guardsh_names_start() {
  emulate -L zsh
  local name
  [[ -o interactive ]] || return 0
  typeset -ga __guardsh_functions
  for name in rm wal-g pg_ctl pg_basebackup; do
    (( ! ${+functions[$name]} )) || continue
    functions[$name]="__guardsh_name $name \"\$@\""
    __guardsh_functions+=($name)
  done
}
__guardsh_names_start
