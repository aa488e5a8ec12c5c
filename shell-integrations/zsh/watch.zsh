# Where nothing keeps the state of this node, an account's first shell starts what does: a watcher of the account's own,
# detached, which ends when the last shell has gone. Setting: GUARDSH_WATCH=off.
# Not where GUARDSH_STATE names a file: su keeps it, and which file root writes is for nobody else to say.

__guardsh_watch_start() {
  emulate -L zsh
  [[ -o interactive && -t 0 && -t 2 && -z $GUARDSH_STATE && $GUARDSH_WATCH != off && -x $__guardsh ]] || return 0
  __guardsh_state_read
  [[ -z $__guardsh_state_kept ]] || return 0
  # The node's own file is there, but old: root's affair.
  [[ $__guardsh_state_file != /run/guardsh/state ]] || (( EUID == 0 )) || return 0
  local directory=${__guardsh_state_file:h}
  (
    {
      # At the first prompt already the shell registers there.
      [[ -d $directory/terminals ]] || command mkdir -p -m 755 -- $directory $directory/terminals
      exec $__guardsh watch --background
    } </dev/null &>/dev/null &
  )
}
__guardsh_watch_start
