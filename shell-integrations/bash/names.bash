# shellcheck shell=bash
# Functions under the guarded names, for what the line hook cannot see: fc, eval, bind -x, sourced files. A function of
# the operator's own is left alone; an alias (rm='rm -i') stays in front of ours. `guardsh init` puts $__guardsh,
# $__guardsh_shimmed (names) and $__guardsh_prefilter (a file) in front.
# shellcheck disable=SC2154

# By way of the shim's prefilter: what is certainly unrelated does not wait for guardsh to start.
__guardsh_name() { # NAME ARGUMENT…
  if [[ -r $__guardsh_prefilter ]]; then
    # shellcheck disable=SC2016 # expanded by that sh
    /bin/sh -c '__guardsh_program=$1 __guardsh_prefilter=$2; shift 2; . "$__guardsh_prefilter"' \
      "${__guardsh_prefilter%/*}/$1" "$__guardsh" "$__guardsh_prefilter" "${@:2}"
  elif [[ -x $__guardsh ]]; then
    "$__guardsh" run -- "$@"
  else
    command "$@"
  fi
}

__guardsh_names_start() {
  local IFS=' ' name names=() functions
  [[ $- == *i* ]] || return 0
  for name in $__guardsh_shimmed; do
    declare -F "$name" || names+=("$name")
  done >/dev/null
  [[ ! -o posix ]] || for name in "${!names[@]}"; do # there, some are no names of functions
    case ${names[name]} in *[!A-Za-z0-9_]*) unset "names[$name]" ;; esac
  done
  ((${#names[@]})) || return 0
  __guardsh_functions=${__guardsh_functions-}" ${names[*]}"
  # shellcheck disable=SC2016 # expanded by the functions
  printf -v functions 'function %s { __guardsh_name "$FUNCNAME" "$@"; }\n' "${names[@]}"
  eval "$functions"
}
__guardsh_names_start
