"""Real md arrays: Debian's user-mode-linux, booted for a test, with a Postgres on its disks."""
