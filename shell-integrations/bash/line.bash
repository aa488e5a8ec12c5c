# shellcheck shell=bash
# The line hook of guardsh in bash (4.4 and later): readline only captures and prefilters, with builtins; PS0, which is
# expanded when a whole command has been read and nothing of it has run, asks `guardsh line` and vetoes with SIGINT.
# `guardsh init` puts $__guardsh (its path), $__guardsh_guarded, $__guardsh_runs and $__guardsh_marks (names) in front.
# docs/shell.md says what is seen.
# shellcheck disable=SC2154

# What can be harmful contains one of these words, or writes to a file; $ and ` matter where a command begins. The line
# is split, not matched: a regular expression of so many names takes ten times as long. No word that is split off can
# match a file. Of a text that will run elsewhere, nothing is known of relative paths.
__guardsh_line_hot() { # text [elsewhere] -> __guardsh_line_moves
  local IFS=$__guardsh_line_edges __guardsh_word __guardsh_behind='' __guardsh_elsewhere=${2-} || return 0
  __guardsh_line_moves=''
  for __guardsh_word in $1; do
    case ${__guardsh_line_words[_$__guardsh_word]-} in
      guarded) return 0 ;;
      runs) __guardsh_behind=yes ;;
      moves) __guardsh_line_moves=moves ;;
    esac
  done
  case $1 in *\>*) __guardsh_line_writes "$1" && return 0 ;; esac
  case $1 in *\$* | *\`*) ;; *) return 1 ;; esac
  [[ $1 =~ $__guardsh_line_unknown || (-n $__guardsh_behind && $1 =~ $__guardsh_line_unknown_behind) ]]
}

# Whether a redirection may write to something of an instance. Every `>` is taken for one, a comparison too.
__guardsh_line_writes() { # text
  local __guardsh_rest=$1 __guardsh_copied __guardsh_path
  case $1 in *[\'\"]*) __guardsh_line_unquote || return 0 ;; esac
  while [[ $__guardsh_rest == *\>* ]]; do
    __guardsh_rest=${__guardsh_rest#*>} __guardsh_copied=''
    case $__guardsh_rest in \(*) continue ;; [\>\|]*) __guardsh_rest=${__guardsh_rest:1} ;; esac # >(command) >> >|
    case $__guardsh_rest in \&*) __guardsh_rest=${__guardsh_rest:1} __guardsh_copied=yes ;; esac
    __guardsh_rest=${__guardsh_rest#"${__guardsh_rest%%[![:blank:]]*}"}
    case $__guardsh_rest in [\<\>]\(*) continue ;; esac
    __guardsh_path=${__guardsh_rest%%[![:alnum:]_./+:@%,=-]*}
    case ${__guardsh_rest:${#__guardsh_path}:1} in [[:space:]\;\&\|\)\<\>]) ;; *) return 0 ;; esac
    case $__guardsh_copied$__guardsh_path in '' | yes) return 0 ;; yes- | yes[0-9] | yes[0-9][0-9]) continue ;; esac
    __guardsh_line_ordinary "$__guardsh_path" || return 0
  done
  return 1
}

# Leaves of each quoted part one quote. Fails where it is not plain where they end, and where something may run them.
__guardsh_line_unquote() { # __guardsh_rest -> __guardsh_rest
  local __guardsh_bare='' __guardsh_before __guardsh_part
  __guardsh_rest=${__guardsh_rest//>\/dev\/null/}
  __guardsh_rest=${__guardsh_rest//> \/dev\/null/}
  __guardsh_rest=${__guardsh_rest//>&[12][[:space:];|&)]/ }
  case $__guardsh_rest in *\>*) ;; *) return 0 ;; esac
  case $__guardsh_behind$__guardsh_rest in yes* | *'<<'*) return 1 ;; esac
  while :; do
    __guardsh_before=${__guardsh_rest%%[\'\"\\#]*}
    __guardsh_part=${__guardsh_rest:${#__guardsh_before}+1}
    case $__guardsh_before${__guardsh_rest:${#__guardsh_before}:1} in
      *\$[\'\"]) return 1 ;;
      *\') __guardsh_rest=${__guardsh_part#*\'} ;;
      *\") case ${__guardsh_part%%\"*} in *[\\\`]* | *\$[![:alnum:]_?@*]* | *\$) return 1 ;; esac
           __guardsh_rest=${__guardsh_part#*\"} ;;
      *) break ;;
    esac
    [[ $__guardsh_rest != "$__guardsh_part" ]] || return 1 # it does not end
    __guardsh_bare+=$__guardsh_before\"
  done
  case $__guardsh_rest in *[\'\"]*) return 1 ;; esac
  __guardsh_rest=$__guardsh_bare$__guardsh_rest
}

# Whether nothing of an instance is at a path, nor would be: reached through no link, below no directory with a mark.
__guardsh_line_ordinary() { # path
  local __guardsh_place=$1
  case $1 in
    /dev/null | /dev/std* | /dev/tty | /dev/fd/*) return 0 ;;
    /*) ;;
    *)
      [[ -z $__guardsh_line_moves$__guardsh_elsewhere && ${PWD-} -ef . ]] || return 1
      __guardsh_place=$PWD/$1 ;;
  esac
  case $__guardsh_place/ in /dev/* | */../* | *PG_* | *postgres* | *pgsql*) return 1 ;; esac
  case " $__guardsh_marks " in *" ${__guardsh_place##*/} "*) return 1 ;; esac
  case ${__guardsh_place##*/} in # of pg_xact (slru.c, SlruFileName), which may lie where nothing else tells
    [0123456789ABCDEF][0123456789ABCDEF][0123456789ABCDEF][0123456789ABCDEF]) return 1 ;;
  esac
  [[ ! -b $__guardsh_place ]] || return 1
  while [[ -n $__guardsh_place ]]; do
    [[ ! -L $__guardsh_place ]] || return 1
    __guardsh_place=${__guardsh_place%/*}
    ! __guardsh_line_marked "$__guardsh_place" || return 1
  done
}

# Those of the marks that are in every whole data directory, backup, archive status and configuration.
__guardsh_line_marked() { # directory
  [[ -e $1/PG_VERSION || -e $1/pg_wal || -L $1/pg_wal || -e $1/pg_control || -e $1/archive_status || -e $1/backup_label ||
    -e $1/backup_manifest || -e $1/backup.manifest || -e $1/postgresql.conf || -e $1/pg_hba.conf ]]
}

# `!` and, at its beginning, `^` make another line of it (HISTORY EXPANSION in bash(1)); history has the result.
__guardsh_line_expanded() { # text
  [[ $- == *H* && ($1 == *!* || $1 == ^*) ]]
}

# The words to look at: the guarded names, the words behind which a command begins, those that go to another directory,
# and every alias whose text has one of these. Made anew when the number of aliases has changed, or a line may have changed them.
__guardsh_line_read_words() {
  local IFS=$__guardsh_line_edges __guardsh_word __guardsh_alias __guardsh_before=-1 __guardsh_found=0
  __guardsh_line_words=() __guardsh_line_alias_count=${#BASH_ALIASES[@]}
  for __guardsh_word in cd pushd popd; do __guardsh_line_words[_$__guardsh_word]=moves; done
  for __guardsh_word in $__guardsh_runs; do __guardsh_line_words[_$__guardsh_word]=runs; done
  for __guardsh_word in $__guardsh_guarded; do __guardsh_line_words[_$__guardsh_word]=guarded; done
  while ((__guardsh_before != __guardsh_found)); do # an alias may stand in an alias
    __guardsh_before=$__guardsh_found __guardsh_found=0
    for __guardsh_alias in "${!BASH_ALIASES[@]}"; do
      if __guardsh_line_hot "${BASH_ALIASES[$__guardsh_alias]}" elsewhere; then
        for __guardsh_word in $__guardsh_alias; do __guardsh_line_words[_$__guardsh_word]=guarded; done
      elif [[ -n $__guardsh_line_moves ]]; then
        for __guardsh_word in $__guardsh_alias; do : "${__guardsh_line_words[_$__guardsh_word]:=moves}"; done
      else
        continue
      fi
      ((__guardsh_found += 1))
    done
  done
}

# Called by readline with each physical line, before it is accepted. Changes nothing in it.
# __guardsh_line_armed: 0 nothing has been read since the last command; 1 ask about what was captured; 2 ask about
# what history has, too; 3 harmless.
__guardsh_line_capture() {
  case $__guardsh_line_armed in 0 | 4) __guardsh_line='' ;; esac
  __guardsh_line+=${READLINE_LINE-}$'\n'
  if __guardsh_line_expanded "$__guardsh_line"; then
    __guardsh_line_armed=2
  elif __guardsh_line_hot "${__guardsh_line//\\$'\n'/}"; then # one word may stand on two lines
    __guardsh_line_armed=1
  else
    __guardsh_line_armed=3
  fi
  ((__guardsh_line_armed != 3)) || __guardsh_line_put_trap_back
  case $__guardsh_line in *alias*) __guardsh_line_alias_count=-1 ;; esac
  __guardsh_line_in_ps0
  __guardsh_line_hook
  if declare -F __guardsh_prompt_before >/dev/null; then __guardsh_prompt_before "$__guardsh_line"; fi
  return 0
}

# Somebody's own trap for SIGINT would run instead of the veto. It is put aside before each prompt (readline gives the
# handler that it found back to every line), and in force again for lines that are not asked about. To look costs a
# child: at the start, and after a line that may have set one.
__guardsh_line_put_trap_aside() {
  local __guardsh_trap
  __guardsh_line_look_for_trap=''
  __guardsh_trap=$(trap -p INT)
  [[ -n $__guardsh_trap ]] || return 0
  __guardsh_line_trap=$__guardsh_trap
  trap - INT
}

__guardsh_line_put_trap_back() {
  case $__guardsh_line in *trap* | *source* | *.\ *) __guardsh_line_look_for_trap=yes ;; esac
  [[ -n $__guardsh_line_trap ]] || return 0
  eval "$__guardsh_line_trap"
  __guardsh_line_trap='' __guardsh_line_look_for_trap=yes
}

# Other tools assign PS0. A shell that does not expand prompts would show it.
__guardsh_line_in_ps0() {
  [[ ${PS0-} != *__guardsh_line_veto* ]] && shopt -q promptvars || return 0
  # Refused (4) until it is known that it is not: the rest of a paste comes on after the interrupt.
  # shellcheck disable=SC2016 # expanded before each command
  PS0='${__guardsh_line_ask[__guardsh_line_armed]:+'\
'${__guardsh_line_ask[__guardsh_line_asked=__guardsh_line_armed,__guardsh_line_armed=4,0]:+}'\
'${__guardsh_line_ask[__guardsh_line_armed=$(__guardsh_line_veto),0]:+}}'\
'${__guardsh_line_ask[__guardsh_line_armed*=__guardsh_line_armed!=3,0]:+}'${PS0-}
}

# In a child, which says how __guardsh_line_armed goes on: asks, and where the line may not run, interrupts the shell.
__guardsh_line_veto() {
  if __guardsh_line_may_run; then
    printf 0
  else
    printf 4
    builtin kill -INT $$
  fi
}

__guardsh_line_may_run() {
  local __guardsh_status
  ((__guardsh_line_asked != 4)) || return
  ((__guardsh_line_asked == 1)) || __guardsh_line_recall
  ((__guardsh_line_asked == 1)) || __guardsh_line_hot "$__guardsh_line" || return 0
  if [[ ! -x $__guardsh ]]; then
    printf 'guardsh: %s is gone: this line has not been judged\n' "$__guardsh" >/dev/tty
    return
  fi
  if __guardsh_line_hand | "$__guardsh" line --shell bash --pid $$ >/dev/null; then return; else __guardsh_status=$?; fi
  ((__guardsh_status != 77)) && __guardsh_line_unjudged "$__guardsh_status"
}

# What the last line became. Where history did not take it (HISTCONTROL, HISTIGNORE), it is as it was when `!` was
# expanded.
__guardsh_line_recall() {
  local __guardsh_recent
  __guardsh_recent=$(HISTTIMEFORMAT='' builtin history 1)
  if [[ $__guardsh_recent =~ ^[[:space:]]*([0-9]+)[*[:space:]] && ${BASH_REMATCH[1]} != "$__guardsh_line_number" ]]; then
    __guardsh_line+=${__guardsh_recent#"${BASH_REMATCH[0]}"}$'\n'
  elif __guardsh_line_expanded "$__guardsh_line"; then
    __guardsh_line+=$(builtin history -p -- "$__guardsh_line")$'\n'
  fi
}

# The line, and what its names mean here (guardsh/line/handed.py).
__guardsh_line_hand() {
  local IFS=' ' __guardsh_rest=$__guardsh_line __guardsh_word __guardsh_said
  printf '%s\0' "$__guardsh_line"
  for __guardsh_word in "${!BASH_ALIASES[@]}"; do
    printf 'a %s=%s\0' "$__guardsh_word" "${BASH_ALIASES[$__guardsh_word]}"
    __guardsh_rest+=" ${BASH_ALIASES[$__guardsh_word]}"
  done
  while [[ $__guardsh_rest =~ \$\{?([A-Za-z_][A-Za-z0-9_]*) ]]; do
    __guardsh_word=${BASH_REMATCH[1]}
    __guardsh_rest=${__guardsh_rest#*"${BASH_REMATCH[0]}"}
    __guardsh_said=$(declare -p "$__guardsh_word" 2>/dev/null) || continue
    __guardsh_said=${__guardsh_said#declare } # -ax NAME=…
    case ${__guardsh_said%% *} in
      *[aA]*) printf 'v %s\0' "$__guardsh_word" ;;
      *) printf 'v %s=%s\0' "$__guardsh_word" "${!__guardsh_word-}" ;;
    esac
  done
  __guardsh_rest="$__guardsh_line ${BASH_ALIASES[*]-}"
  for __guardsh_word in ${__guardsh_functions-}; do
    [[ $__guardsh_rest == *"$__guardsh_word"* && $(declare -f "$__guardsh_word") == *__guardsh_name* ]] || continue
    printf 'f %s\0' "$__guardsh_word"
  done
}

# guardsh has failed: whoever is here decides, knowing where they are.
__guardsh_line_unjudged() { # status
  local answer=''
  printf 'guardsh: could not judge this line (exit status %s)\nTo run it all the same, type the host name: ' "$1" >/dev/tty
  IFS= read -r answer </dev/tty || return 1
  [[ -n $answer && ${answer%%.*} == "${HOSTNAME%%.*}" ]]
}

# Before each prompt: nothing has been read, and what was not captured is found in history.
__guardsh_line_ready() {
  local status=$?
  [[ -z $__guardsh_line_look_for_trap ]] || __guardsh_line_put_trap_aside
  __guardsh_line='' __guardsh_line_armed=2
  __guardsh_line_number=$((HISTCMD - 1))
  ((__guardsh_line_alias_count == ${#BASH_ALIASES[@]})) || __guardsh_line_read_words
  __guardsh_line_in_ps0
  [[ $- == *e* ]] || return "$status" # under errexit it would end the shell
}

# Enter, Ctrl-J and Ctrl-O: capture, then what they do anyway, by way of two keys that nobody types. $_ is the last word
# of a command, of ours too: that is what it was before.
# shellcheck disable=SC2016 # expanded when the key is pressed
__guardsh_line_bind() {
  local map key
  for map in emacs vi-insert vi-command; do
    bind -m "$map" -x '"\C-x\C-_1\a": __guardsh_line_capture "$_"'
    bind -m "$map" '"\C-x\C-_2\a": accept-line'
    for key in '\C-m' '\C-j'; do
      bind -m "$map" "\"$key\": \"\\C-x\\C-_1\\a\\C-x\\C-_2\\a\""
    done
  done
  bind -m emacs '"\C-x\C-_3\a": operate-and-get-next'
  bind -m emacs '"\C-o": "\C-x\C-_1\a\C-x\C-_3\a"'
  # These run what the editor leaves without showing it: now it comes back to the prompt, and Enter runs it.
  bind -m emacs -x '"\C-x\C-e": __guardsh_line_edit "$_"'
  bind -m vi-command -x '"v": __guardsh_line_edit "$_"'
}

__guardsh_line_edit() {
  local file
  file=$(mktemp "${TMPDIR:-/tmp}/guardsh-line.XXXXXX") || return 0
  printf '%s\n' "$READLINE_LINE" >"$file"
  # shellcheck disable=SC2086 # EDITOR may have options
  ${VISUAL:-${EDITOR:-vi}} "$file" </dev/tty >/dev/tty && READLINE_LINE=$(<"$file") READLINE_POINT=${#READLINE_LINE}
  rm -f "$file"
}

__guardsh_line_start() {
  local edge='[^[:alnum:]_.-]'
  [[ $- == *i* && -t 0 && -t 2 ]] || return 0
  declare -gA __guardsh_line_words=()
  __guardsh_line_edges=$' \t\n!"#$%&\'()*+,/:;<=>?@[\\]^`{|}~'
  __guardsh_line_unknown="(^|[;&|({!\`"$'\n'"])[[:space:]]*\"?[\$\`]"
  __guardsh_line_unknown_behind="(^|$edge)(${__guardsh_runs// /|})[[:space:]]"
  __guardsh_line_unknown_behind+="([^;&|]*[[:space:]])?[[:space:]]*\"?[\$\`]"
  __guardsh_line='' __guardsh_line_trap=''
  __guardsh_line_look_for_trap=yes __guardsh_line_armed=3 __guardsh_line_asked=0 __guardsh_line_number=''
  __guardsh_line_ask=([1]=captured [2]=history [4]=refused)
  __guardsh_line_entry=__guardsh_line_ready
  if [[ -o emacs || -o vi ]] && [[ -z ${BLE_VERSION-} ]]; then __guardsh_line_bind 2>/dev/null; fi
  __guardsh_line_read_words
  __guardsh_line_in_ps0
  __guardsh_line_hook
}

# Into PROMPT_COMMAND, a string or (5.1) an array, once and first. The entry is nothing where it was exported alone.
__guardsh_line_hook() {
  # shellcheck disable=SC2016 # expanded at each prompt
  local entry='"${__guardsh_line_entry-:}"'
  case "${PROMPT_COMMAND[*]-}" in *__guardsh_line*) return ;; esac
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) && [[ -v PROMPT_COMMAND && ${PROMPT_COMMAND@a} == *a* ]]; then
    PROMPT_COMMAND=("$entry" "${PROMPT_COMMAND[@]}")
  else
    # shellcheck disable=SC2178,SC2128 # before 5.1 the first element is the string
    PROMPT_COMMAND=$entry${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND}
  fi
}
__guardsh_line_start
