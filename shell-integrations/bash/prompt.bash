# shellcheck shell=bash
# The prompt and the colours of guardsh in bash (4.4 and later): builtins only, at every prompt, from the state file.
# Settings: GUARDSH_STATE, GUARDSH_PROMPT=off, GUARDSH_BACKGROUND=off, GUARDSH_THEME=dark|light, NO_COLOR.

# Seconds after which a state is too old; characters after which it is too long (guardsh/model/node_state.py).
__guardsh_state_ttl=15 __guardsh_state_longest=400

# ---- the state file, which is checked and never evaluated ----

# What this shell may believe: its own file, or one of root's. Bash cannot ask who owns a file; what is not ours and
# that we could change neither in place nor by its directory is taken for root's. Nothing that could hang: no link, FIFO.
__guardsh_state_trusted() { # file
  [[ -f $1 && ! -L $1 && -r $1 ]] || return 1
  [[ -O $1 ]] || { ((EUID != 0)) && [[ ! -w $1 && ! -w ${1%/*} ]]; }
}

__guardsh_state_find() { # -> __guardsh_state_file
  __guardsh_state_file=${GUARDSH_STATE:-/run/guardsh/state}
  [[ -n ${GUARDSH_STATE-} || $EUID == 0 || -e $__guardsh_state_file || -L $__guardsh_state_file ]] && return
  __guardsh_state_file=${XDG_RUNTIME_DIR:-${HOME-}/.cache}/guardsh/state
}

# The fields of the one line; fails where it is not exactly that line.
__guardsh_state_fields() { # text -> __guardsh_fields
  local IFS=' '
  [[ -n $1 && $1 != *[!A-Za-z0-9:,_./\ -]* ]] || return 1
  # shellcheck disable=SC2206 # splits at spaces; no character of a pattern is left
  __guardsh_fields=($1)
  [[ ${#__guardsh_fields[@]} == 6 && ${__guardsh_fields[*]} == "$1" && ${__guardsh_fields[0]} == 1 ]] || return 1
  case ${__guardsh_fields[1]} in *[!0-9]* | ????????????*) return 1 ;; esac
}

__guardsh_state_words() { # role state flags -> __guardsh_role __guardsh_words __guardsh_wrong
  local IFS=, flag
  case $1 in
    primary) __guardsh_words=PRIMARY ;;
    recovering) __guardsh_words=RECOVERING ;;
    replica) __guardsh_words=REPLICA ;;
    unknown) __guardsh_words=UNKNOWN ;;
    none) __guardsh_words='' ;;
    *) return 1 ;;
  esac
  case $2 in
    starting | stopped | crashed) __guardsh_words+=" $2" ;;
    running | unknown | none) ;;
    *) return 1 ;;
  esac
  [[ $3 == - ]] && return
  [[ ,$3, != *,,* ]] || return 1
  for flag in $3; do
    case $flag in
      only-copy) __guardsh_wrong+=', only copy' ;;
      archiver-failing) __guardsh_wrong+=', archiver failing' ;;
      several) __guardsh_wrong+=', several instances' ;;
      deletion-healed) __guardsh_wrong+=', deletion healed' ;;
      insurance-failing) __guardsh_wrong+=', insurance failing' ;;
      *) return 1 ;;
    esac
  done
}

__guardsh_state_arrays() { # arrays -> __guardsh_wrong
  [[ $1 == - ]] && return
  local IFS=, array part said
  [[ ,$1, != *,,* ]] || return 1
  for array in $1; do
    IFS=:
    # shellcheck disable=SC2206 # as above
    part=($array)
    [[ ${#part[@]} == [46] && ${part[0]} == [A-Za-z0-9/]* && "${part[*]}" == "$array" ]] || return 1
    ((${#part[0]} <= 24)) || return 1
    case ${part[1]} in
      checking | resyncing | recovering | reshaping | degraded | inactive | failed) ;;
      check | resync | recovery | reshape) ;;
      *) return 1 ;;
    esac
    case ${part[2]}/${part[3]} in /* | */ | *[!0-9/]* | ?????*/* | */?????*) return 1 ;; esac
    said="${part[2]}/${part[3]}"
    if ((${#part[@]} == 6)); then
      [[ ${part[4]}:${part[5]} =~ ^([0-9]{1,3}):(-|([0-9]{1,4})(min|h|d))$ ]] || return 1
      ((10#${part[2]} != 10#${part[3]})) && said+=' ' || said=''
      said+="$((10#${BASH_REMATCH[1]})) %${BASH_REMATCH[3]:+ $((10#${BASH_REMATCH[3]})) ${BASH_REMATCH[4]}}"
    fi
    __guardsh_wrong+=", ${part[0]} ${part[1]} $said"
  done
}

__guardsh_state_parse() { # text -> __guardsh_said: written, role, segment; nothing where it is not to be believed
  local __guardsh_fields=() __guardsh_words='' __guardsh_wrong=''
  __guardsh_said=()
  __guardsh_state_fields "$1" && __guardsh_state_words "${__guardsh_fields[@]:2:3}" &&
    __guardsh_state_arrays "${__guardsh_fields[5]}" || return 0
  __guardsh_words+=${__guardsh_wrong:+ ${__guardsh_wrong#, }}
  __guardsh_words=${__guardsh_words:+$__guardsh_host ${__guardsh_words# }}
  __guardsh_said=("$((10#${__guardsh_fields[1]}))" "${__guardsh_fields[2]}" "$__guardsh_words")
}

# Between two heartbeats the line is the same, and is not read into again.
__guardsh_state_read() { # -> __guardsh_role __guardsh_segment __guardsh_state_kept
  local text='' now
  __guardsh_state_find
  # To the first NUL, or one character too many: a read that succeeds has met one of them.
  __guardsh_state_trusted "$__guardsh_state_file" &&
    IFS='' builtin read -r -d '' -n "$((__guardsh_state_longest + 2))" text <"$__guardsh_state_file" && text=''
  if [[ -z $text || $text != "$__guardsh_state_text" ]]; then
    __guardsh_host_read
    __guardsh_state_parse "${text%$'\n'}"
    __guardsh_state_text=$text
  fi
  builtin printf -v now '%(%s)T' -1
  if ((${#__guardsh_said[@]} && now - __guardsh_said[0] <= __guardsh_state_ttl && __guardsh_said[0] - now <= 2)); then
    __guardsh_role=${__guardsh_said[1]} __guardsh_segment=${__guardsh_said[2]} __guardsh_state_kept=yes
  else
    __guardsh_role=unknown __guardsh_segment="$__guardsh_host UNKNOWN" __guardsh_state_kept=''
  fi
  [[ ${GUARDSH_SHIELD-} != 1 ]] || __guardsh_segment="${__guardsh_segment:-$__guardsh_host} shielded"
}

# The kernel's word: HOSTNAME comes from the environment, and \h is as old as the shell.
__guardsh_host_read() { # -> __guardsh_host
  local name=''
  [[ ! -r /proc/sys/kernel/hostname ]] || builtin read -r name </proc/sys/kernel/hostname
  name=${name%%.*}
  [[ -n $name && $name != *[!A-Za-z0-9_-]* ]] && __guardsh_host=$name || __guardsh_host='?'
}

# ---- the colours (guardsh/screen/palette.py, paint.py) ----

__guardsh_colour_possible() {
  [[ -z ${NO_COLOR-} && ${GUARDSH_BACKGROUND-} != off && ${TERM_PROGRAM-} != Apple_Terminal ]] || return 1
  case ${TERM-} in '' | dumb | linux) return 1 ;; esac
}

declare -gA __guardsh_colours=(
  [primary/dark]=480e0e [replica/dark]=08359d [recovering/dark]=4a3b01 [unknown/dark]=3b3b3e
  [primary/light]=f3b1a4 [replica/light]=b4d0fb [recovering/light]=f5df4f [unknown/light]=c7c7c7
)

# At every prompt, changed or not: a shell that was started from this one has put its own colours there, or back.
# Where the theme is not known, the text is coloured, too: that of a light theme could not be read on a dark tint.
__guardsh_colour_show() {
  local text=''
  [[ $__guardsh_role != none ]] || { __guardsh_colour_back; return; }
  [[ $__guardsh_theme != none ]] || text=$'\e]10;#d0d0d0\e\\'
  builtin printf '%s' "$text"$'\e]11;#'"${__guardsh_colours[$__guardsh_role/${__guardsh_theme/none/dark}]}"$'\e\\' >&2
  __guardsh_colour_shown=yes
}

# By value for terminals without OSC 111, by OSC 111 for those whose themes change by themselves.
__guardsh_colour_back() {
  local text=$'\e]111\e\\'
  [[ -n $__guardsh_colour_shown ]] || return 0
  __guardsh_colour_shown=''
  [[ -z $__guardsh_colour_own ]] || text=$'\e]11;#'$__guardsh_colour_own$'\e\\'$text
  [[ $__guardsh_theme != none ]] || text+=$'\e]110\e\\'
  builtin printf '%s' "$text" >&2
}

# Has the terminal tell its own background, once, at the first prompt; the reply comes as keys, however late, and the
# line editor takes it. Every terminal answers the status report that is asked for next (ESC [ 0 n): the fence. Nothing
# is waited for: a read here would take what was typed ahead, too. Until the line editor has the terminal, a reply is
# echoed: the prompt begins by clearing its line.
__guardsh_theme_ask() {
  local map
  case ${GUARDSH_THEME-} in dark | light) __guardsh_theme=$GUARDSH_THEME && return ;; esac
  __guardsh_theme=none
  [[ -z $__guardsh_theme_asked ]] || return 0
  builtin read -t 0 && return # a line was typed ahead: its program would get the reply
  # shellcheck disable=SC2016 # $_ as it was before
  for map in emacs vi-insert vi-command; do
    builtin bind -m "$map" -x '"\e]11;rgb": __guardsh_theme_told "$_"'
    builtin bind -m "$map" -x '"\e[0n": __guardsh_theme_untold "$_"'
  done 2>/dev/null
  __guardsh_theme='' __guardsh_theme_asked=$'\\[\r\e[K\\]'
  PS1=$__guardsh_theme_asked${PS1-}
  builtin printf '\e]11;?\e\\\e[5n' >&2
}

__guardsh_theme_told() {
  local heard='' fence=n # its last letter; there is none in a colour
  IFS='' builtin read -rs -t 0.5 -d "$fence" heard
  __guardsh_colour_back
  __guardsh_theme_from "$heard"
  __guardsh_theme_untold
}

__guardsh_theme_untold() {
  : "${__guardsh_theme:=none}"
  __guardsh_colour_show
  __guardsh_register "$__guardsh_theme"
}

__guardsh_theme_from() { # reply -> __guardsh_theme __guardsh_colour_own
  local digit='([0-9a-fA-F]{1,4})' part value channel=() IFS=' '
  [[ $1 =~ ^a?:$digit/$digit/$digit ]] || return 0
  for part in "${BASH_REMATCH[@]:1:3}"; do
    channel+=("$((16#$part * 255 / (16 ** ${#part} - 1)))")
  done
  # Relative luminance above 0.179, where black and white text have one contrast (WCAG 2), with squares for the curve.
  ((value = 2126 * channel[0] ** 2 + 7152 * channel[1] ** 2 + 722 * channel[2] ** 2, value > 137900000)) &&
    __guardsh_theme=light || __guardsh_theme=dark
  builtin printf -v __guardsh_colour_own '%02x%02x%02x' "${channel[@]}"
  # One of ours was left by another shell: not the terminal's own.
  case " ${__guardsh_colours[*]} " in *" $__guardsh_colour_own "*) __guardsh_colour_own='' ;; esac
}

# ---- at every prompt ----

# One word in a file named by our process, for the watcher that recolours idle terminals. In a directory that all may
# write to, only a file of our own is written over, and only one that nobody has put there is made; in one whose owner
# could put a link in its place (GUARDSH_STATE may have come along with su), neither.
__guardsh_register() { # word
  local directory=${__guardsh_state_file%/*}/terminals file
  file=$directory/$$
  [[ $1 != "$__guardsh_registered" || ! -e $file ]] || return 0
  [[ -O $directory ]] || { ((EUID != 0)) && [[ -k $directory && ! -w ${directory%/*} ]]; } || return 0
  local - # the options, until we return
  if [[ -e $file ]]; then
    [[ -f $file && ! -L $file && -O $file ]] || return 0
    set +C
  else
    [[ -d $directory && -w $directory ]] || return 0
    set -C
  fi
  { builtin printf '%s\n' "$1" >"$file" && __guardsh_registered=$1; } 2>/dev/null
}

__guardsh_prompt_text() {
  [[ -z $__guardsh_theme_asked ]] || PS1=${PS1#"$__guardsh_theme_asked"}
  [[ ${GUARDSH_PROMPT-} != off && ${PS1-} != *__guardsh_segment* ]] && builtin shopt -q promptvars || return 0
  # shellcheck disable=SC2016 # expanded when the prompt is shown
  PS1='${__guardsh_segment}${__guardsh_segment:+ }'${PS1-}
}

__guardsh_prompt_refresh() {
  __guardsh_state_read
  __guardsh_prompt_text
  [[ -t 2 ]] || return 0
  __guardsh_colour_possible || { __guardsh_colour_back; __guardsh_register off; return; }
  [[ -n $__guardsh_theme ]] || __guardsh_theme_ask
  [[ -n $__guardsh_theme ]] || return 0 # colours come with the reply
  __guardsh_colour_show
  __guardsh_register "$__guardsh_theme"
}

__guardsh_prompt() {
  local status=$?
  __guardsh_prompt_refresh || :
  [[ $- == *e* ]] || return "$status" # bash keeps $? for the prompt, but would end at this
}

# Into PROMPT_COMMAND, a string or (5.1) an array, once. The entry is nothing where it was exported and we were not.
__guardsh_prompt_hook() {
  # shellcheck disable=SC2016 # expanded at each prompt
  local entry='${__guardsh_prompt_entry-:}'
  case "${PROMPT_COMMAND[*]-} ${precmd_functions[*]-}" in *__guardsh_prompt*) return ;; esac
  if [[ -n ${bash_preexec_imported-}${__bp_imported-} ]]; then # its own entry has to stay the last
    precmd_functions+=(__guardsh_prompt)
  elif ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) && [[ -v PROMPT_COMMAND && ${PROMPT_COMMAND@a} == *a* ]]; then
    PROMPT_COMMAND+=("$entry")
  else
    # shellcheck disable=SC2178,SC2128 # before 5.1 the first element is the string
    PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}$entry
  fi
}

# Called by the line hook with each line before it runs: PROMPT_COMMAND may have been assigned by others, and what a
# shell is replaced with (exec) leaves no shell to put the colours back.
__guardsh_prompt_before() { # line
  __guardsh_prompt_hook
  [[ ! $1 =~ ^[[:space:]]*exec[[:space:]]+[^\<\>0-9] ]] || __guardsh_colour_back
}

__guardsh_prompt_leave() {
  local status=$?
  if [[ -t 2 ]]; then __guardsh_colour_back; fi
  [[ $- == *e* ]] || return "$status" # what others do at the end comes after this
}

# A watcher that may not write to this terminal (su, sudo -u) sends SIGWINCH. Only there: with a trap for it, bash's
# wait would end at each change of the window's size.
__guardsh_prompt_trap() {
  local before winch=''
  before=$(trap -p EXIT WINCH)
  [[ $before != *__guardsh_prompt* ]] || return 0
  [[ -O /proc/$$/fd/0 ]] || winch=WINCH
  __guardsh_prompt_chain EXIT __guardsh_prompt_leave "$before"
  # shellcheck disable=SC2016 # expanded when it comes
  [[ -z $winch ]] || __guardsh_prompt_chain SIGWINCH '[[ -z $__guardsh_theme ]] || __guardsh_prompt_refresh || :' "$before"
}

__guardsh_prompt_chain() { # signal, command, what `trap -p` says
  local now=$2 word words=()
  eval "words=($3)"
  for ((word = 0; word + 3 < ${#words[@]}; word += 4)); do # trap -- COMMAND SIGNAL
    [[ ${words[word + 3]} != "$1" ]] || now+=$'\n'${words[word + 2]}
  done
  # shellcheck disable=SC2064 # now
  builtin trap "$now" "$1"
}

__guardsh_prompt_start() {
  [[ $- == *i* && -t 0 && -t 2 ]] || return 0
  __guardsh_prompt_entry=__guardsh_prompt
  : "${__guardsh_theme=}" "${__guardsh_theme_asked=}" "${__guardsh_registered=}"
  : "${__guardsh_colour_own=}" "${__guardsh_colour_shown=}"
  __guardsh_role=unknown __guardsh_segment='' __guardsh_host='?' __guardsh_state_text='' __guardsh_said=()
  __guardsh_prompt_hook
  __guardsh_prompt_trap
}
__guardsh_prompt_start
