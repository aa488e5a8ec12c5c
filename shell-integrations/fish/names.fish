# Functions under the guarded names, for what the line hook cannot see: eval, sourced files, key bindings. A function
# of the operator's own is left alone.

function __guardsh_name
    if test -x $__guardsh
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
    for name in rm wal-g pg_ctl pg_basebackup
        functions -q $name
        and continue
        echo "function $name --wraps $name; __guardsh_name $name \$argv; end" | source
        set -a __guardsh_functions $name
    end
end
__guardsh_names_start
