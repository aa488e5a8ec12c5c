"""Which mounted file system a path is on, by /proc/self/mountinfo (proc(5))."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mount:
    """``number`` is the st_dev of its files as "major:minor"; ``root`` is what of the file system is mounted."""

    number: str
    root: str
    point: str
    kind: str
    source: str

    def inside(self, path: str) -> str:
        """Where a path lies in the file system itself: relative to its root, "" for that."""
        whole = os.path.normpath(f"{self.root}/{os.path.relpath(path, self.point)}")
        return whole.strip("/").removeprefix(".")


def mounts() -> tuple[Mount, ...]:
    """In the order in which they were mounted. Raises OSError."""
    with open("/proc/self/mountinfo", "rb") as file:
        return tuple(parse(line) for line in file)


def mount_of(path: str) -> Mount | None:
    """The file system that a resolved path is on: the deepest mount point, and of several on one, the last."""
    above = [each for each in mounts() if f"{path}/".startswith(f"{each.point.rstrip('/')}/")]
    return max(reversed(above), key=lambda each: len(each.point), default=None)


def below(path: str) -> tuple[Mount, ...]:
    """Those that are mounted below a path."""
    return tuple(each for each in mounts() if each.point.startswith(f"{path.rstrip('/')}/"))


def parse(line: bytes) -> Mount:
    """One line of mountinfo."""
    fields = [os.fsdecode(_unescaped(field)) for field in line.split()]
    rest = fields[fields.index("-") + 1 :]
    return Mount(fields[2], fields[3], fields[4], rest[0], rest[1])


def _unescaped(field: bytes) -> bytes:
    """Blank, tab, newline and backslash are octal there (fs/proc_namespace.c, mangle)."""
    for code in (b"040", b"011", b"012", b"134"):
        field = field.replace(b"\\" + code, bytes([int(code, 8)]))
    return field
