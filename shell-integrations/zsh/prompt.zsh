# The prompt and the colours of guardsh in zsh (5.5 and later): builtins only, at every prompt, from the state file.
# Settings: GUARDSH_STATE, GUARDSH_PROMPT=off, GUARDSH_BACKGROUND=off, GUARDSH_THEME=dark|light, NO_COLOR.

# Seconds after which a state is too old; characters after which it is too long (guardsh/model/node_state.py).
typeset -g __guardsh_state_ttl=15 __guardsh_state_longest=400

# ---- the state file, which is checked and never evaluated ----

# What this shell may believe: its own file, or one of root's: what is not ours and that we could change neither in
# place nor by its directory. Nothing that could hang: no link, FIFO.
__guardsh_state_trusted() { # file
  [[ -f $1 && ! -L $1 && -r $1 ]] || return 1
  [[ -O $1 ]] || { (( EUID != 0 )) && [[ ! -w $1 && ! -w ${1:h} ]] }
}

__guardsh_state_find() { # -> __guardsh_state_file
  __guardsh_state_file=${GUARDSH_STATE:-/run/guardsh/state}
  [[ -n $GUARDSH_STATE || $EUID == 0 || -e $__guardsh_state_file || -L $__guardsh_state_file ]] && return
  __guardsh_state_file=${XDG_RUNTIME_DIR:-$HOME/.cache}/guardsh/state
}

# The fields of the one line; fails where it is not exactly that line.
__guardsh_state_fields() { # text -> __guardsh_fields
  [[ -n $1 && ${#1} -le __guardsh_state_longest && $1 != *[^A-Za-z0-9:,_./\ -]* ]] || return 1
  __guardsh_fields=("${(@s: :)1}")
  [[ $#__guardsh_fields == 6 && $__guardsh_fields[1] == 1 ]] || return 1
  [[ $__guardsh_fields[2] == <-> && $#__guardsh_fields[2] -le 11 ]]
}

__guardsh_state_words() { # role state flags -> __guardsh_words __guardsh_wrong
  local flag
  case $1 in
    (primary) __guardsh_words=PRIMARY ;;
    (recovering) __guardsh_words=RECOVERING ;;
    (replica) __guardsh_words=REPLICA ;;
    (unknown) __guardsh_words=UNKNOWN ;;
    (none) __guardsh_words= ;;
    (*) return 1 ;;
  esac
  case $2 in
    (starting|stopped|crashed) __guardsh_words+=" $2" ;;
    (running|unknown|none) ;;
    (*) return 1 ;;
  esac
  [[ $3 == - ]] && return
  for flag in "${(@s:,:)3}"; do
    case $flag in
      (only-copy) __guardsh_wrong+=', only copy' ;;
      (archiver-failing) __guardsh_wrong+=', archiver failing' ;;
      (several) __guardsh_wrong+=', several instances' ;;
      (deletion-healed) __guardsh_wrong+=', deletion healed' ;;
      (insurance-failing) __guardsh_wrong+=', insurance failing' ;;
      (*) return 1 ;;
    esac
  done
}

__guardsh_state_arrays() { # arrays -> __guardsh_wrong
  local array part said
  [[ $1 == - ]] && return
  for array in "${(@s:,:)1}"; do
    part=("${(@s.:.)array}")
    [[ ( $#part == 4 || $#part == 6 ) && $part[1] == [A-Za-z0-9/]* && $#part[1] -le 24 ]] || return 1
    case $part[2] in
      (checking|resyncing|recovering|reshaping|degraded|inactive|failed) ;;
      (check|resync|recovery|reshape) ;;
      (*) return 1 ;;
    esac
    [[ $part[3] == <-> && $#part[3] -le 4 && $part[4] == <-> && $#part[4] -le 4 ]] || return 1
    said="$part[3]/$part[4]"
    if (( $#part == 6 )); then
      [[ $part[5] == <-> && $#part[5] -le 3 ]] || return 1
      [[ $part[6] == (-|<->(min|h|d)) && ${#${part[6]%%[a-z]*}} -le 4 ]] || return 1
      (( 10#$part[3] != 10#$part[4] )) && said+=' ' || said=
      said+="$(( 10#$part[5] )) %%" # as a prompt wants it
      [[ $part[6] == - ]] || said+=" $(( 10#${part[6]%%[a-z]*} )) ${part[6]##<->}"
    fi
    __guardsh_wrong+=", $part[1] $part[2] $said"
  done
}

__guardsh_state_parse() { # text -> __guardsh_said: written, role, segment; nothing where it is not to be believed
  local -a __guardsh_fields
  local __guardsh_words __guardsh_wrong
  __guardsh_said=()
  __guardsh_state_fields $1 && __guardsh_state_words $__guardsh_fields[3,5] &&
    __guardsh_state_arrays $__guardsh_fields[6] || return 0
  __guardsh_words+=${__guardsh_wrong:+ ${__guardsh_wrong#, }}
  __guardsh_words=${__guardsh_words:+$__guardsh_host ${__guardsh_words# }}
  __guardsh_said=($(( 10#$__guardsh_fields[2] )) $__guardsh_fields[3] "$__guardsh_words")
}

# Between two heartbeats the line is the same, and is not read into again.
__guardsh_state_read() { # -> __guardsh_role __guardsh_segment __guardsh_state_kept
  local text now
  setopt local_options prompt_percent # which emulate leaves as it is
  __guardsh_state_find
  __guardsh_state_trusted $__guardsh_state_file &&
    sysread -s $(( __guardsh_state_longest + 2 )) text <$__guardsh_state_file
  if [[ -z $text || $text != $__guardsh_state_text ]]; then
    __guardsh_host_read
    __guardsh_state_parse "${text%$'\n'}"
    __guardsh_state_text=$text
  fi
  builtin print -Pv now '%D{%s}'
  if (( $#__guardsh_said && now - __guardsh_said[1] <= __guardsh_state_ttl && __guardsh_said[1] - now <= 2 )); then
    __guardsh_role=$__guardsh_said[2] __guardsh_segment=$__guardsh_said[3] __guardsh_state_kept=yes
  else
    __guardsh_role=unknown __guardsh_segment="$__guardsh_host UNKNOWN" __guardsh_state_kept=
  fi
  [[ $GUARDSH_SHIELD != 1 ]] || __guardsh_segment="${__guardsh_segment:-$__guardsh_host} shielded"
}

# The kernel's word: HOST is as old as the shell, and anyone's to assign.
__guardsh_host_read() { # -> __guardsh_host
  local name
  [[ ! -r /proc/sys/kernel/hostname ]] || builtin read -r name </proc/sys/kernel/hostname
  name=${name%%.*}
  [[ -n $name && $name != *[^A-Za-z0-9_-]* ]] && __guardsh_host=$name || __guardsh_host='?'
}

# ---- the colours (guardsh/screen/palette.py, paint.py) ----

__guardsh_colour_possible() {
  [[ -z $NO_COLOR && $GUARDSH_BACKGROUND != off && $TERM_PROGRAM != Apple_Terminal && $TERM != (|dumb|linux) ]]
}

typeset -gA __guardsh_colours
__guardsh_colours=(
  primary/dark 480e0e replica/dark 08359d recovering/dark 4a3b01 unknown/dark 3b3b3e
  primary/light f3b1a4 replica/light b4d0fb recovering/light f5df4f unknown/light c7c7c7
)

# At every prompt, changed or not: a shell that was started from this one has put its own colours there, or back.
# Where the theme is not known, the text is coloured, too: that of a light theme could not be read on a dark tint.
__guardsh_colour_show() {
  local text
  [[ $__guardsh_role != none ]] || { __guardsh_colour_back; return }
  [[ $__guardsh_theme != none ]] || text=$'\e]10;#d0d0d0\e\\'
  builtin print -rn -u2 -- $text$'\e]11;#'$__guardsh_colours[$__guardsh_role/${__guardsh_theme/none/dark}]$'\e\\'
  __guardsh_colour_shown=yes
}

# By value for terminals without OSC 111, by OSC 111 for those whose themes change by themselves.
__guardsh_colour_back() {
  local text=$'\e]111\e\\'
  [[ -n $__guardsh_colour_shown ]] || return 0
  __guardsh_colour_shown=
  [[ -z $__guardsh_colour_own ]] || text=$'\e]11;#'$__guardsh_colour_own$'\e\\'$text
  [[ $__guardsh_theme != none ]] || text+=$'\e]110\e\\'
  builtin print -rn -u2 -- $text
}

# Has the terminal tell its own background, once, as soon as the line editor has the terminal; the reply comes as
# keys, however late. Every terminal answers the status report that is asked for next (ESC [ 0 n): the fence. Nothing
# is waited for: a read here would take what was typed ahead, too.
__guardsh_theme_ask() {
  emulate -L zsh
  local map
  [[ -z $__guardsh_theme && -z $__guardsh_theme_asked && -t 2 ]] && __guardsh_colour_possible || return 0
  __guardsh_theme_asked=yes
  zle -N __guardsh_theme_told
  zle -N __guardsh_theme_untold
  for map in emacs viins vicmd; do
    bindkey -M $map '\e]11;rgb' __guardsh_theme_told
    bindkey -M $map '\e[0n' __guardsh_theme_untold
  done
  builtin print -rn -u2 -- $'\e]11;?\e\\\e[5n'
}

__guardsh_theme_told() {
  emulate -L zsh
  local reply key
  # the fence ends the reply: there is no n in a colour
  while [[ $key != n && $#reply -lt 40 ]] && builtin read -rs -t 0.5 -k 1 key; do
    reply+=$key
  done
  __guardsh_colour_back
  __guardsh_theme_from $reply
  __guardsh_theme_untold
}

__guardsh_theme_untold() {
  : ${__guardsh_theme:=none}
  __guardsh_colour_show
  __guardsh_register $__guardsh_theme
}

__guardsh_theme_from() { # reply -> __guardsh_theme __guardsh_colour_own
  emulate -L zsh -o extended_glob -o no_ksh_arrays
  local part value match mbegin mend
  local -a channel parts
  [[ $1 == (#b)(a|):([[:xdigit:]/]##)* ]] || return 0
  parts=(${(s:/:)match[2]})
  (( $#parts == 3 && $#parts[1] < 5 && $#parts[2] < 5 && $#parts[3] < 5 )) || return 0
  for part in $parts; do
    channel+=($(( 16#$part * 255 / (16 ** $#part - 1) )))
  done
  # Relative luminance above 0.179, where black and white text have one contrast (WCAG 2), with squares for the curve.
  (( 2126 * channel[1] ** 2 + 7152 * channel[2] ** 2 + 722 * channel[3] ** 2 > 137900000 )) &&
    __guardsh_theme=light || __guardsh_theme=dark
  builtin printf -v value '%02x%02x%02x' $channel
  # One of ours was left by another shell: not the terminal's own.
  (( ${${(v)__guardsh_colours}[(I)$value]} )) || __guardsh_colour_own=$value
}

# ---- at every prompt ----

# One word in a file named by our process, for the watcher that recolours idle terminals. In a directory that all may
# write to, only a file of our own is written over, and only one that nobody has put there is made; in one whose owner
# could put a link in its place (GUARDSH_STATE may have come along with su), neither.
__guardsh_register() { # word
  local directory=${__guardsh_state_file:h}/terminals file
  file=$directory/$$
  [[ $1 != $__guardsh_registered || ! -e $file ]] || return 0
  [[ -O $directory ]] || { (( EUID != 0 )) && [[ -k $directory && ! -w ${directory:h} ]] } || return 0
  emulate -L zsh
  if [[ -e $file ]]; then
    [[ -f $file && ! -L $file && -O $file ]] || return 0
    setopt clobber
  else
    [[ -d $directory && -w $directory ]] || return 0
    setopt no_clobber
  fi
  { builtin print -r -- $1 >$file && __guardsh_registered=$1 } 2>/dev/null
}

# In front of whatever PROMPT is now, without a need for prompt_subst: our words hold nothing that is expanded, but
# the percent sign, twice.
# powerlevel10k has its own way: prompt_guardsh.
__guardsh_prompt_text() {
  if [[ -n $__guardsh_prefix ]]; then PROMPT=${PROMPT#$__guardsh_prefix}; fi
  __guardsh_prefix=
  [[ $GUARDSH_PROMPT != off && -n $__guardsh_segment && $PROMPT != *__guardsh_segment* ]] || return 0
  (( ! $+functions[p10k] )) || return 0
  __guardsh_prefix="$__guardsh_segment "
  PROMPT=$__guardsh_prefix$PROMPT
}

prompt_guardsh() { p10k segment -t "$__guardsh_segment" }

__guardsh_prompt_refresh() {
  emulate -L zsh
  __guardsh_state_read
  __guardsh_prompt_text
  [[ -t 2 ]] || return 0
  __guardsh_colour_possible || { __guardsh_colour_back; __guardsh_register off; return 0 }
  case $GUARDSH_THEME in (dark|light) __guardsh_theme=$GUARDSH_THEME ;; esac
  if [[ -z $__guardsh_theme ]]; then
    [[ -n $__guardsh_theme_asked ]] || return 0 # asked in a moment, by the line editor
    __guardsh_theme=none
  fi
  __guardsh_colour_show
  __guardsh_register $__guardsh_theme
}

__guardsh_prompt() {
  local rc=$?
  __guardsh_prompt_refresh || :
  [[ -o err_exit ]] || return $rc # zsh keeps $? for the prompt, but would end at this
}

# What a shell is replaced with (exec) leaves no shell to put the colours back; the next prompt sets them again.
__guardsh_prompt_before() { # line
  emulate -L zsh -o extended_glob
  [[ $1 != [[:space:]]#exec[[:space:]]##[^\<\>0-9]* ]] || __guardsh_colour_back
}

__guardsh_prompt_leave() {
  emulate -L zsh
  if [[ $ZSH_SUBSHELL == 0 && -t 2 ]]; then __guardsh_colour_back; fi
}

# A watcher that may not write to this terminal (su, sudo -u) sends SIGWINCH. Only there: with a trap for it, zsh's
# wait would end at each change of the window's size.
__guardsh_prompt_trap() {
  emulate -L zsh
  setopt no_local_traps # it stays
  [[ ! -O /proc/$$/fd/0 ]] && (( ! $+functions[__guardsh_winch_before] )) || return 0
  functions[__guardsh_winch_before]=${functions[TRAPWINCH]:-:}
  TRAPWINCH() {
    [[ -z $__guardsh_theme ]] || __guardsh_prompt_refresh
    __guardsh_winch_before "$@"
  }
}

__guardsh_prompt_start() {
  [[ -o interactive && -t 0 && -t 2 ]] || return 0
  emulate -L zsh
  setopt no_local_traps
  zmodload zsh/system zsh/parameter 2>/dev/null
  typeset -g __guardsh_role=unknown __guardsh_segment= __guardsh_host='?' __guardsh_state_file= __guardsh_state_text=
  typeset -ga __guardsh_said
  typeset -g __guardsh_theme=${__guardsh_theme-} __guardsh_colour_own=${__guardsh_colour_own-}
  typeset -g __guardsh_colour_shown=${__guardsh_colour_shown-} __guardsh_registered=${__guardsh_registered-}
  typeset -g __guardsh_prefix=${__guardsh_prefix-} __guardsh_theme_asked=${__guardsh_theme_asked-}
  typeset -ga precmd_functions preexec_functions zshexit_functions
  # (I) is the index of the last, 0 where there is none
  (( ${precmd_functions[(I)__guardsh_prompt]} )) || precmd_functions+=(__guardsh_prompt)
  (( ${preexec_functions[(I)__guardsh_prompt_before]} )) || preexec_functions+=(__guardsh_prompt_before)
  (( ${zshexit_functions[(I)__guardsh_prompt_leave]} )) || zshexit_functions+=(__guardsh_prompt_leave)
  autoload -Uz add-zle-hook-widget
  add-zle-hook-widget line-init __guardsh_theme_ask 2>/dev/null || typeset -g __guardsh_theme=none
  __guardsh_prompt_trap
}
__guardsh_prompt_start
