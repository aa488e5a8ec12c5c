# shellcheck shell=bash
# For ~/.bashrc or ~/.zshrc where one sits: the terminal's own colours again, however the connection ended.
function ssh { command ssh "$@"; set -- $?; [[ ! -t 2 ]] || printf '\033]111\033\134\033]110\033\134' >&2; return "$1"; }
