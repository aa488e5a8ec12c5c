# Guard what is typed in an interactive fish: copy these lines into ~/.config/fish/config.fish.
# Scripts, xargs and absolute paths pass by; links catch more (docs/guide.md).

alias rm 'guardsh run -- rm'
alias wal-g 'guardsh run -- wal-g'
alias pg_ctl 'guardsh run -- pg_ctl'
alias pg_basebackup 'guardsh run -- pg_basebackup'

# fish looks up no alias after sudo. guardsh must be where sudo looks.
function sudo --wraps sudo --description 'sudo, with guardsh before the guarded commands'
    if contains -- "$argv[1]" rm wal-g pg_ctl pg_basebackup
        command sudo guardsh run -- $argv
    else
        command sudo $argv
    end
end
