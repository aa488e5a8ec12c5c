# shellcheck shell=bash
# Guard what is typed in an interactive bash or zsh: copy these lines into ~/.bashrc or ~/.zshrc.
# Scripts, xargs and absolute paths pass by; links catch more (docs/guide.md).

alias rm='guardsh run -- rm'
alias wal-g='guardsh run -- wal-g'
alias pg_ctl='guardsh run -- pg_ctl'
alias pg_basebackup='guardsh run -- pg_basebackup'

# The blank at the end: the word after sudo is looked up as an alias, too. guardsh must be where sudo looks.
alias sudo='sudo '
