"""Which mounted file system a path is on, for what keeps something beside it: always as it is now."""

from __future__ import annotations

from guardsh.system import mount_table
from guardsh.system.mount_table import Mount, parse

__all__ = ["Mount", "below", "mount_of", "mounts", "parse"]


def mounts() -> tuple[Mount, ...]:
    """In the order in which they were mounted. Raises OSError."""
    return tuple(mount_table.mounts())


def mount_of(path: str) -> Mount | None:
    """The file system that a resolved path is on: the deepest mount point, and of several on one, the last."""
    above = [each for each in mounts() if mount_table.is_below(path, each.point)]
    return max(reversed(above), key=lambda each: len(each.point), default=None)


def below(path: str) -> tuple[Mount, ...]:
    """Those that are mounted below a path."""
    return tuple(each for each in mounts() if each.point != path and mount_table.is_below(each.point, path))
