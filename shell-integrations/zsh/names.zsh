# Functions under the guarded names, for what the line hook cannot see: fc, eval, sourced files. A function of the
# operator's own is left alone; an alias (rm='rm -i') stays in front of ours. `guardsh init` puts $__guardsh,
# $__guardsh_shimmed (names) and $__guardsh_prefilter (a file) in front.

# By way of the shim's prefilter: what is certainly unrelated does not wait for guardsh to start.
__guardsh_name() { # NAME ARGUMENT…
  if [[ -r $__guardsh_prefilter ]]; then
    /bin/sh -c '__guardsh_program=$1 __guardsh_prefilter=$2; shift 2; . "$__guardsh_prefilter"' \
      "${__guardsh_prefilter%/*}/$1" "$__guardsh" "$__guardsh_prefilter" "${@:2}"
  elif [[ -x $__guardsh ]]; then
    "$__guardsh" run -- "$@"
  else
    command "$@"
  fi
}

__guardsh_names_start() {
  emulate -L zsh
  local name
  [[ -o interactive ]] || return 0
  typeset -ga __guardsh_functions
  for name in ${(s: :)__guardsh_shimmed}; do
    (( ! ${+functions[$name]} )) || continue
    functions[$name]="__guardsh_name $name \"\$@\""
    __guardsh_functions+=($name)
  done
}
__guardsh_names_start
