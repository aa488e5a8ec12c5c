"""guardsh stands between a destructive command and the disk of a Postgres node."""

__version__ = "0.1.0"
