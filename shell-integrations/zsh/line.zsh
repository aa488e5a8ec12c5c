# The line hook of guardsh in zsh (5.5 and later): a preexec function sees the whole line before anything of it runs,
# prefilters with builtins, asks `guardsh line`, and ends a line that may not run with a hard error, which no trap and
# no option catches. `guardsh init` puts $__guardsh (its path), $__guardsh_guarded, $__guardsh_runs and $__guardsh_marks
# (names) in front. docs/shell.md says what is seen.

# What can be harmful contains one of these words, or writes to a file; $ and ` matter where a command begins. Lists are
# intersected, not matched: an alternation of so many names takes twice as long.
__guardsh_line_hot() { # text
  setopt local_options extended_glob
  local -a words=(${(s: :)1//[^[:alnum:]_.-]/ }) found moves
  found=(${words:*__guardsh_line_words})
  (( $#found )) && return
  found=(${words:*__guardsh_line_runs})
  moves=(${words:*__guardsh_line_moves})
  [[ $1 == *\>* ]] && __guardsh_line_writes $1 "$found" "$moves" && return
  [[ $1 == *[\$\`]* ]] || return
  [[ $1 == (|*[\;\&\|\(\{\!\`$'\n'])[[:space:]]#(|\")[\$\`]* ]] && return
  (( $#found )) || return
  [[ $1 == (|*[^[:alnum:]_.-])(${(~j:|:)__guardsh_line_runs})[[:space:]](|[^\;\&\|]#[[:space:]])[[:space:]]#(|\")[\$\`]* ]]
}

# Whether a redirection may write to something of an instance. Every `>` is taken for one, a comparison too.
__guardsh_line_writes() { # text words-that-run words-that-move
  local rest="$1 " behind=$2 moves=$3 operator target
  if [[ $rest == *[\'\"]* ]]; then __guardsh_line_unquote || return 0; fi
  while [[ $rest == *\>* ]]; do
    rest=${rest#*\>}
    [[ $rest != \(* ]] || continue # >(command)
    operator=${rest%%[^\>\|\&\!]*}
    rest=${${rest#$operator}##[[:blank:]]#}
    [[ $rest != [\<\>]\(* ]] || continue
    target=${rest%%[^[:alnum:]_./+:@%,=-]*}
    [[ $rest[$#target+1] == [[:space:]\;\&\|\)\<\>] && -n $target ]] || return 0
    [[ $target != \=?* ]] || return 0 # where a command lies
    [[ $operator == *\&* && $target == (-|[0-9](#c1,2)) ]] && continue
    __guardsh_line_ordinary $target || return 0
  done
  return 1
}

# Leaves of each quoted part one quote. Fails where it is not plain where they end, and where something may run them.
__guardsh_line_unquote() { # rest -> rest
  local bare before
  rest=${rest//> #\/dev\/null/}
  rest=${rest//>&[12][[:space:];|&\)]/ }
  [[ $rest == *\>* ]] || return 0
  [[ -z $behind && $rest != *\<\<* ]] || return 1
  while [[ $rest == *[\'\"]* ]]; do
    before=${rest%%[\'\"\\#]*}
    rest=${rest[$#before+1,-1]}
    [[ $before != *\$ ]] || return 1
    case $rest in
      (\'[^\']#\'*) rest=${rest#\'*\'} ;;
      (\"([^\"\\\`\$]|\$[[:alnum:]_?@*])#\"*) rest=${rest#\"*\"} ;;
      (*) return 1 ;;
    esac
    bare+=$before\"
  done
  rest=$bare$rest
}

# Whether nothing of an instance is at a path, nor would be: reached through no link, below no directory with a mark.
__guardsh_line_ordinary() { # path
  local place=$1
  [[ $1 != /dev/(null|std*|tty|fd/*) ]] || return 0
  if [[ $1 != /* ]]; then
    [[ -z $moves && $PWD -ef . ]] || return 1
    place=$PWD/$1
  fi
  [[ $place/ != (/dev/*|*/../*|*PG_*|*postgres*|*pgsql*) ]] || return 1
  (( ! ${__guardsh_line_marks[(Ie)${place##*/}]} )) || return 1
  # of pg_xact (slru.c, SlruFileName), which may lie where nothing else tells
  [[ ${place##*/} != [0-9A-F](#c4) && ! -b $place ]] || return 1
  while [[ -n $place ]]; do
    [[ ! -L $place ]] || return 1
    place=${place%/*}
    ! __guardsh_line_marked "$place" || return 1
  done
}

# Those of the marks that are in every whole data directory, backup, archive status and configuration.
__guardsh_line_marked() { # directory
  [[ -e $1/PG_VERSION || -e $1/pg_wal || -L $1/pg_wal || -e $1/pg_control || -e $1/archive_status || -e $1/backup_label ||
    -e $1/backup_manifest || -e $1/backup.manifest || -e $1/postgresql.conf || -e $1/pg_hba.conf ]]
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
  typeset -ga __guardsh_line_runs=(${(s: :)__guardsh_runs})
  typeset -ga __guardsh_line_moves=(cd chdir pushd popd)
  typeset -ga __guardsh_line_marks=(${(s: :)__guardsh_marks})
  zmodload zsh/parameter
  typeset -ga preexec_functions
  (( ${preexec_functions[(I)__guardsh_line_preexec]} )) ||
    preexec_functions=(__guardsh_line_preexec $preexec_functions)
}
__guardsh_line_start
