# The prompt and the colours of guardsh in fish (3.6 and later): builtins only, at every prompt, from the state file.
# Settings: GUARDSH_STATE, GUARDSH_PROMPT=off, GUARDSH_BACKGROUND=off, GUARDSH_THEME=dark|light, NO_COLOR.

# ---- the state file, which is checked and never evaluated ----

# What this shell may believe: its own file, or one of root's: what is not ours and that we could change neither in
# place nor by its directory. Nothing that could hang: no link, FIFO.
function __guardsh_state_trusted -a file
    test -f $file -a ! -L $file -a -r $file; or return 1
    test -O $file; and return 0
    test "$EUID" != 0 -a ! -w $file -a ! -w (path dirname -- $file)
end

function __guardsh_state_find # -> __guardsh_state_file
    set -g __guardsh_state_file /run/guardsh/state
    if test -n "$GUARDSH_STATE"
        set __guardsh_state_file $GUARDSH_STATE
    else if not test "$EUID" = 0 -o -e $__guardsh_state_file -o -L $__guardsh_state_file
        set -l directory $HOME/.cache
        test -n "$XDG_RUNTIME_DIR"; and set directory $XDG_RUNTIME_DIR
        set __guardsh_state_file $directory/guardsh/state
    end
end

# The form of the one line (guardsh/model/node_state.py).
set -l health 'checking|resyncing|recovering|reshaping|degraded|inactive|failed'
set -l action 'check|resync|recovery|reshape'
set -l progress '\d{1,3}:(?:-|\d{1,4}(?:min|h|d))'
set -l array "[A-Za-z0-9/][A-Za-z0-9_./-]{0,23}:(?:$health|$action):\d{1,4}:\d{1,4}(?::$progress)?"
set -l flag 'only-copy|archiver-failing|several|deletion-healed|insurance-failing'
set -g __guardsh_state_form '\A1 (\d{1,11}) (primary|recovering|replica|unknown|none)' \
    '(running|starting|stopped|crashed|unknown|none)' \
    "(-|(?:$flag)(?:,(?:$flag))*) (-|$array(?:,$array)*)\n?\z"
set __guardsh_state_form "$__guardsh_state_form"

function __guardsh_state_parse -a text # -> __guardsh_said: written, role, segment; nothing where it is not believed
    set -g __guardsh_said
    test (string length -- "$text") -le 401; or return
    set -l fields (string match -rg -- $__guardsh_state_form "$text"); or return
    set -l words (string upper -- $fields[2])
    test $fields[2] = none; and set words
    contains -- $fields[3] starting stopped crashed; and set -a words $fields[3]
    set -l wrong (__guardsh_state_wrong $fields[4] $fields[5])
    set -q wrong[1]; and set -a words (string join ', ' -- $wrong)
    set -q words[1]; and set words "$__guardsh_host $words"
    set __guardsh_said $fields[1..2] "$words"
end

# Between two heartbeats the line is the same, and is not read into again.
function __guardsh_state_read # -> __guardsh_role __guardsh_segment __guardsh_state_kept
    set -l text
    __guardsh_state_find
    # at most 400 characters, the newline, and one more that is too many
    if __guardsh_state_trusted $__guardsh_state_file
        builtin read -z -n 402 text <$__guardsh_state_file
    end
    if test -z "$text" -o "$text" != "$__guardsh_state_text"
        __guardsh_host_read
        __guardsh_state_parse "$text"
        set -g __guardsh_state_text $text
    end
    set -g __guardsh_role unknown
    set -g __guardsh_segment "$__guardsh_host UNKNOWN"
    set -g __guardsh_state_kept
    __guardsh_state_take
    test "$GUARDSH_SHIELD" = 1; or return 0
    test -n "$__guardsh_segment"; or set __guardsh_segment $__guardsh_host
    set __guardsh_segment "$__guardsh_segment shielded"
end

# What was read, unless it is too old, or from the future.
function __guardsh_state_take # -> __guardsh_role __guardsh_segment __guardsh_state_kept
    set -q __guardsh_said[3]; or return 0
    # fish has no clock; a file's time, absolute and relative, tells what it is now
    set -l times (path mtime /; path mtime -R /)
    set -l age (math $times[1] + $times[2] - $__guardsh_said[1])
    if test "$age" -le 15 -a "$age" -ge -2
        set __guardsh_role $__guardsh_said[2]
        set __guardsh_segment $__guardsh_said[3]
        set __guardsh_state_kept yes
    end
end

function __guardsh_state_wrong -a flags arrays
    for flag in (string split , -- $flags)
        switch $flag
            case only-copy
                echo only copy
            case archiver-failing
                echo archiver failing
            case several
                echo several instances
            case deletion-healed
                echo deletion healed
            case insurance-failing
                echo insurance failing
        end
    end
    test $arrays = -; and return
    for array in (string split , -- $arrays)
        set -l part (string split : -- $array)
        set -l said $part[1..2]
        test (count $part) = 4 -o $part[3] -ne $part[4]; and set -a said $part[3]/$part[4]
        if set -q part[6]
            set -a said (math $part[5]) %
            test $part[6] = -; or set -a said (math (string match -r '^\d+' -- $part[6])) (string match -r '[a-z]+$' -- $part[6])
        end
        echo $said
    end
end

# The kernel's word: fish's hostname is as old as the shell.
function __guardsh_host_read # -> __guardsh_host
    set -l name
    test -r /proc/sys/kernel/hostname; and builtin read name </proc/sys/kernel/hostname
    set -g __guardsh_host (string match -r -- '^[A-Za-z0-9_-]+(?=\.|\z)' "$name"); or set __guardsh_host '?'
end

# ---- the colours (guardsh/screen/palette.py, paint.py) ----

function __guardsh_colour_possible
    test -z "$NO_COLOR" -a "$GUARDSH_BACKGROUND" != off -a "$TERM_PROGRAM" != Apple_Terminal
    and not contains -- "$TERM" '' dumb linux
end

function __guardsh_colour_of -a role theme # -> __guardsh_colour
    switch $role/$theme
        case primary/light
            set -g __guardsh_colour f3b1a4
        case 'primary/*'
            set -g __guardsh_colour 480e0e
        case replica/light
            set -g __guardsh_colour b4d0fb
        case 'replica/*'
            set -g __guardsh_colour 08359d
        case recovering/light
            set -g __guardsh_colour f5df4f
        case 'recovering/*'
            set -g __guardsh_colour 4a3b01
        case '*/light'
            set -g __guardsh_colour c7c7c7
        case '*'
            set -g __guardsh_colour 3b3b3e
    end
end

# At every prompt, changed or not: a shell that was started from this one has put its own colours there, or back.
# Where the theme is not known, the text is coloured, too: that of a light theme could not be read on a dark tint.
function __guardsh_colour_show
    if test $__guardsh_role = none
        __guardsh_colour_back
        return
    end
    set -l text
    test $__guardsh_theme = none; and set text \e']10;#d0d0d0'\e\\
    __guardsh_colour_of $__guardsh_role $__guardsh_theme
    echo -ns $text \e']11;#'$__guardsh_colour\e\\ >&2
    set -g __guardsh_colour_shown yes
end

function __guardsh_colour_back
    test -n "$__guardsh_colour_shown"; or return 0
    set -g __guardsh_colour_shown
    set -l text \e']111'\e\\
    test $__guardsh_theme = none; and set -a text \e']110'\e\\
    echo -ns $text >&2
end

# fish cannot ask a terminal without another program: from 4.3 on it knows by itself, before that only if it is told.
function __guardsh_theme_find
    for theme in "$GUARDSH_THEME" "$fish_terminal_color_theme"
        contains -- $theme dark light; and set -g __guardsh_theme $theme; and return
    end
    set -g __guardsh_theme none
end

# ---- at every prompt ----

# One word in a file named by our process, for the watcher that recolours idle terminals. In a directory that all may
# write to, only a file of our own is written over, and only one that nobody has put there is made; in one whose owner
# could put a link in its place (GUARDSH_STATE may have come along with su), neither.
function __guardsh_register -a word
    test "$word" = "$__guardsh_registered" -a -e "$__guardsh_registration"; and return
    set -l directory (path dirname -- $__guardsh_state_file)/terminals
    set -l file $directory/$fish_pid
    set -g __guardsh_registration $file
    if not test -O $directory
        test "$EUID" != 0 -a -k $directory -a ! -w (path dirname -- $directory); or return 0
    end
    begin
        if test -e $file
            test -f $file -a ! -L $file -a -O $file; or return 0
            echo $word >$file; and set -g __guardsh_registered $word
        else if test -d $directory -a -w $directory
            echo $word >?$file; and set -g __guardsh_registered $word
        end
    end 2>/dev/null
end

# In front of whatever fish_prompt is, without a word to it: the mode prompt has its place there, and what it does
# changes neither $status nor $pipestatus.
function __guardsh_prompt_text
    test "$GUARDSH_PROMPT" != off; or return 0
    contains -- __guardsh_segment (functions -Dv fish_mode_prompt); and return
    functions fish_prompt | string match -q '*__guardsh_segment*'; and return
    functions -e __guardsh_fish_mode_prompt
    functions -q fish_mode_prompt; and functions -c fish_mode_prompt __guardsh_fish_mode_prompt
    function fish_mode_prompt --description __guardsh_segment
        test -n "$__guardsh_segment"; and echo -n "$__guardsh_segment "
        functions -q __guardsh_fish_mode_prompt; and __guardsh_fish_mode_prompt
    end
end

function __guardsh_prompt_refresh
    __guardsh_state_read
    __guardsh_prompt_text
    test -t 2; or return 0
    if not __guardsh_colour_possible
        __guardsh_colour_back
        __guardsh_register off
        return 0
    end
    __guardsh_theme_find
    __guardsh_colour_show
    __guardsh_register $__guardsh_theme
end

# What a shell is replaced with (exec) leaves no shell to put the colours back; the next prompt sets them again.
function __guardsh_prompt_before --on-event fish_preexec
    string match -rq -- '^\s*exec\s' "$argv"; and __guardsh_colour_back
end

function __guardsh_prompt_leave --on-event fish_exit
    test -t 2; and __guardsh_colour_back
end

function __guardsh_prompt --on-event fish_prompt
    status is-interactive; and __guardsh_prompt_refresh
end

# A watcher that may not write to this terminal (su, sudo -u) wakes us.
function __guardsh_prompt_woken --on-signal WINCH
    set -q __guardsh_theme; and __guardsh_prompt_refresh
end
