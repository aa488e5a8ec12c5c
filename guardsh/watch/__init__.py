"""The watcher: one small process that keeps the node's state file true and recolours idle terminals."""
