"""The subcommands of guardsh, one file each; click lives here only."""
