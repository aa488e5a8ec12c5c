# The line hook of guardsh in fish (3.6 and later): Enter looks at the whole buffer before it is run, prefilters with
# builtins, and asks `guardsh line`; a line that may not run stays in the buffer. `guardsh init` puts $__guardsh (its
# path) and $__guardsh_guarded (names) in front. docs/shell.md says what is seen and what is not.

# What can be harmful contains one of these words; $ and ( matter where a command begins.
function __guardsh_line_hot --argument-names text
    string match -rq -- $__guardsh_line_words $text
    or string match -rq -- $__guardsh_line_unknown $text
end

function __guardsh_line_enter
    set -l text "$(string replace -a -- \\\n '' "$(commandline -b)")"
    commandline --is-valid
    if test $status -ne 2 # a line that is not complete only becomes longer
        test -z "$(abbr --list)"
        or set text "$(__guardsh_line_expand $text)"
        if __guardsh_line_hot "$text $(__guardsh_line_aliases $text)"; and not __guardsh_line_judge $text
            commandline -f repaint
            return
        end
    end
    # The next line begins in insert mode, as by vi's own binding of Enter.
    string match -q -- '*_vi_key_bindings' "$fish_key_bindings"
    and set -g fish_bind_mode insert
    commandline -f execute
end

# Abbreviations are expanded only when the line is run.
function __guardsh_line_expand --argument-names text
    for word in (string match -ra '[^\s;&|()]+' -- $text)
        abbr --query -- $word
        and set text $text\n(abbr --show | string replace -rf -- '^abbr -a (?:.* )?-- '(string escape --style=regex -- $word)' (.*)$' '$1' | string unescape)
    end
    printf '%s\n' $text
end

# NAME=TEXT of the aliases among its words: functions by now, which say in their description what they were made of.
function __guardsh_line_aliases --argument-names text
    for word in (string match -ra '[^\s;&|()]+' -- $text)
        functions -q -- $word
        and string replace -rf -- '^alias [^ =]+[ =]' "$word=" (functions -Dv -- $word)[5]
    end
end

# Whether the line may run.
function __guardsh_line_judge --argument-names __guardsh_text
    if not test -x $__guardsh
        echo "guardsh: $__guardsh is gone: this line has not been judged" >/dev/tty
        return 0
    end
    __guardsh_line_hand $__guardsh_text | $__guardsh line --shell fish --pid $fish_pid >/dev/null
    set -l judged $status
    test $judged -eq 0
    and return 0
    test $judged -ne 77
    and __guardsh_line_unjudged $judged
end

# The line, and what its names mean here (guardsh/line/handed.py).
function __guardsh_line_hand --argument-names __guardsh_text
    set -l __guardsh_aliases (__guardsh_line_aliases $__guardsh_text)
    printf '%s\0' $__guardsh_text a\ $__guardsh_aliases
    for __guardsh_word in (string match -ra -g '\$\{?([A-Za-z_][A-Za-z0-9_]*)' -- "$__guardsh_text $__guardsh_aliases")
        if test (count $$__guardsh_word) -eq 1
            printf 'v %s=%s\0' $__guardsh_word $$__guardsh_word
        else if set -q $__guardsh_word
            printf 'v %s\0' $__guardsh_word
        end
    end
    for __guardsh_word in $__guardsh_functions
        string match -q "*$__guardsh_word*" -- $__guardsh_text
        and functions $__guardsh_word | string match -q '*__guardsh_name*'
        and printf 'f %s\0' $__guardsh_word
    end
end

# guardsh has failed: whoever is here decides, knowing where they are.
function __guardsh_line_unjudged --argument-names judged
    echo "guardsh: could not judge this line (exit status $judged)" >/dev/tty
    read --local --prompt-str 'To run it all the same, type the host name: ' answer </dev/tty
    or return 1
    test -n "$answer"
    and test (string split -m1 . -- $answer)[1] = (string split -m1 . -- $hostname)[1]
end

function __guardsh_line_start
    status is-interactive
    and isatty stdin
    or return 0
    set -l words (string split ' ' -- $__guardsh_guarded | string escape --style=regex | string join '|')
    set -g __guardsh_line_words "(?:^|[^\w.-])(?:$words)(?:\$|[^\w.-])"
    set -l runs 'then|else|do|if|while|and|or|not|begin|time|sudo|doas|env|command|exec|builtin|nice|ionice|nohup|setsid'
    set runs "$runs|timeout|stdbuf|chrt|taskset|flock|runuser|su|xargs|eval|find|strace|watch|parallel|bash|sh|zsh|fish"
    set -g __guardsh_line_unknown "(?:^|[;&|({!\n]|(?:^|[^\w.-])(?:$runs)\s(?:[^;&|]*\s)?)\s*\"?[\$(]"
    for mode in default insert visual
        for key in \r \n
            bind -M $mode $key __guardsh_line_enter
        end
        bind -M $mode enter __guardsh_line_enter 2>/dev/null # fish 4
    end
end
__guardsh_line_start
