# The line hook of guardsh in fish (3.6 and later): Enter looks at the whole buffer before it is run, prefilters with
# builtins, and asks `guardsh line`; a line that may not run stays in the buffer. `guardsh init` puts $__guardsh (its
# path), $__guardsh_guarded, $__guardsh_runs and $__guardsh_marks (names) in front. docs/shell.md says what is seen.

# What can be harmful contains one of these words, or writes to a file; $ and ( matter where a command begins.
function __guardsh_line_hot --argument-names text
    string match -rq -- $__guardsh_line_words $text
    or string match -rq -- $__guardsh_line_unknown $text
    or begin
        string match -q -- '*>*' $text
        and __guardsh_line_writes $text
    end
end

# Whether a redirection may write to something of an instance. Every `>` is taken for one.
function __guardsh_line_writes --argument-names text
    set text "$(string replace -ra -- '>{1,2}\s*/dev/null(?![^\s;&|)])|>&[\d-](?![^\s;&|)])' '' $text)"
    string match -q -- '*>*' $text
    or return 1
    if string match -rq -- '[\'"]' $text # what something may run, and what does not end plainly, is no mere text
        string match -rq -- $__guardsh_line_behind $text
        or not string match -rq -- "^$__guardsh_line_quoted*+[^'\"]*+\$" $text
        and return 0
        set text "$(string replace -ra -- "\G($__guardsh_line_plain*+)$__guardsh_line_quotes" '$1"' $text)"
    end
    set -l target '>[>?]?\s*([\w./+:@,=-]+)(?=[\s;&|)<>]|$)'
    for path in (string match -ra -g -- $target $text)
        __guardsh_line_ordinary $path $text
        or return 0
    end
    string match -q -- '*>*' (string replace -ra -- $target '' $text)
end

# Whether nothing of an instance is at a path, nor would be: reached through no link, below no directory with a mark.
function __guardsh_line_ordinary --argument-names place text
    if not string match -q -- '/*' $place
        string match -rq -- '(?:^|[^\w.-])(?:cd|pushd|popd|prevd|nextd|cdh)(?:$|[^\w.-])' $text
        or test "$(path resolve .)" != $PWD
        and return 1
        set place $PWD/$place
    end
    string match -rq -- '^/dev/(?:fd/|std|tty)' $place
    and return 0
    string match -rq -- '^/dev/|/\.\.(?:/|$)|PG_|postgres|pgsql|/[0-9A-F]{4}$' $place
    or contains -- (string split -r -m1 -f2 / -- $place) (string split ' ' -- $__guardsh_marks)
    or path is -t block -- $place
    and return 1
    set -l above
    while test -n "$place"
        test -L $place
        and return 1
        set place (string replace -r '/[^/]*$' '' -- $place)
        set -a above $place
    end
    not path is -- $above/(string split ' ' -- $__guardsh_marks)
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
    set -l runs (string replace -a ' ' '|' -- $__guardsh_runs)
    set -g __guardsh_line_behind "(?:^|[^\w.-])(?:$runs)(?:\$|[^\w.-])"
    set -g __guardsh_line_unknown "(?:^|[;&|({!\n]|(?:^|[^\w.-])(?:$runs)\s(?:[^;&|]*\s)?)\s*\"?[\$(]"
    set -g __guardsh_line_plain '[^\'"\\\\#]'
    set -g __guardsh_line_quotes '(?:\'[^\'\\\\]*+\'|"(?:[^"\\\\$]|\\$\w)*+")'
    set -g __guardsh_line_quoted "(?:$__guardsh_line_plain|$__guardsh_line_quotes)"
    for mode in default insert visual
        for key in \r \n
            bind -M $mode $key __guardsh_line_enter
        end
        bind -M $mode enter __guardsh_line_enter 2>/dev/null # fish 4
    end
end
__guardsh_line_start
