# Functions under the guarded names, for what the line hook cannot see: eval, sourced files, key bindings. A function
# of the operator's own is left alone. `guardsh init` puts $__guardsh, $__guardsh_shimmed (names) and
# $__guardsh_prefilter (a file) in front.

# By way of the shim's prefilter: what is certainly unrelated does not wait for guardsh to start.
function __guardsh_name
    if test -r $__guardsh_prefilter
        /bin/sh -c '__guardsh_program=$1 __guardsh_prefilter=$2; shift 2; . "$__guardsh_prefilter"' \
            (string replace -r '[^/]*$' $argv[1] -- $__guardsh_prefilter) $__guardsh $__guardsh_prefilter $argv[2..]
    else if test -x $__guardsh
        $__guardsh run -- $argv
    else
        command $argv
    end
end

function __guardsh_names_start
    status is-interactive
    or return 0
    set -q __guardsh_functions
    or set -g __guardsh_functions
    for name in (string split ' ' -- $__guardsh_shimmed)
        functions -q $name
        or set -a __guardsh_functions $name
    end
    string replace -r '(.+)' 'function $1 --wraps $1; __guardsh_name $1 \$argv; end' -- $__guardsh_functions | source
end
__guardsh_names_start
