# The line hook of guardsh in zsh (5.5 and later): a preexec function sees the whole line before anything of it runs,
# prefilters with builtins, asks `guardsh line`, and ends a line that may not run with a hard error, which no trap and
# no option catches. `guardsh init` puts $__guardsh (its path) and $__guardsh_guarded (names) in front. docs/shell.md
# says what is seen.

# What can be harmful contains one of these words; $ and ` matter where a command begins. Lists are intersected, not
# matched: an alternation of so many names takes twice as long.
__guardsh_line_hot() { # text
  setopt local_options extended_glob
  local -a words=(${(s: :)1//[^[:alnum:]_.-]/ }) found
  found=(${words:*__guardsh_line_words})
  (( $#found )) && return
  [[ $1 == *[\$\`]* ]] || return
  [[ $1 == (|*[\;\&\|\(\{\!\`$'\n'])[[:space:]]#(|\")[\$\`]* ]] && return
  found=(${words:*__guardsh_line_runs})
  (( $#found )) || return
  [[ $1 == (|*[^[:alnum:]_.-])(${(~j:|:)__guardsh_line_runs})[[:space:]](|[^\;\&\|]#[[:space:]])[[:space:]]#(|\")[\$\`]* ]]
}

# $1 as typed (empty where no history is kept), $3 as it will be run, aliases expanded.
__guardsh_line_preexec() {
  emulate -L zsh
  __guardsh_line_hot $3 || return 0
  __guardsh_line_judge $3 && return 0
  builtin print -rz -- ${1:-$3}
  { : ${__guardsh_line_vetoed:?} } 2>/dev/null
}

# Whether the line may run.
__guardsh_line_judge() { # text
  local __guardsh_status
  if [[ ! -x $__guardsh ]]; then
    builtin print -r -- "guardsh: $__guardsh is gone: this line has not been judged" >/dev/tty
    return 0
  fi
  if __guardsh_line_hand $1 | $__guardsh line --shell zsh --pid $$ >/dev/null; then return 0; else __guardsh_status=$?; fi
  (( __guardsh_status != 77 )) && __guardsh_line_unjudged $__guardsh_status
}

# The line, and what its names mean here (guardsh/line/handed.py).
__guardsh_line_hand() { # text
  local __guardsh_rest=$1 __guardsh_word
  builtin print -rN -- $1
  while [[ $__guardsh_rest == *\$* ]]; do
    __guardsh_rest=${__guardsh_rest#*\$}
    __guardsh_word=${${${__guardsh_rest#\{}#[=~^]}%%[^A-Za-z0-9_]*} # $=NAME and ${=NAME} are split
    [[ $__guardsh_word == [A-Za-z_]* && -v $__guardsh_word ]] || continue
    case ${(Pt)__guardsh_word} in
      (scalar*|integer*) builtin print -rN -- "v $__guardsh_word=${(P)__guardsh_word}" ;;
      (*) builtin print -rN -- "v $__guardsh_word" ;;
    esac
  done
  for __guardsh_word in $__guardsh_functions; do
    [[ $functions[$__guardsh_word] == *__guardsh_name* ]] && builtin print -rN -- "f $__guardsh_word"
  done
}

# guardsh has failed: whoever is here decides, knowing where they are.
__guardsh_line_unjudged() { # status
  local answer
  builtin print -rn -- "guardsh: could not judge this line (exit status $1)
To run it all the same, type the host name: " >/dev/tty
  builtin read -r answer </dev/tty || return 1
  [[ -n $answer && ${answer%%.*} == ${HOST%%.*} ]]
}

__guardsh_line_start() {
  emulate -L zsh
  [[ -o interactive && -t 0 && -t 2 ]] || return 0
  typeset -ga __guardsh_functions
  typeset -ga __guardsh_line_words=(${(s: :)__guardsh_guarded})
  typeset -ga __guardsh_line_runs=(
    then else elif do if while until time sudo doas env command exec builtin noglob nocorrect nice ionice nohup setsid
    timeout stdbuf chrt taskset flock runuser su xargs eval find strace watch parallel bash sh zsh dash ksh
  )
  zmodload zsh/parameter
  typeset -ga preexec_functions
  (( ${preexec_functions[(I)__guardsh_line_preexec]} )) ||
    preexec_functions=(__guardsh_line_preexec $preexec_functions)
}
__guardsh_line_start
