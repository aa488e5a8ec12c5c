"""The mounted file systems of this mount namespace, from /proc/self/mountinfo, and which of them a path is on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

_OCTAL = re.compile(r"\\([0-7]{3})")
_DEVICES = (
    "logdev",
    "rtdev",
    "journal_path",
    "device",
)  # xfs(5), ext4(5), btrfs(5): further devices of one file system


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo (proc(5)). ``number`` is the st_dev of its files, in most cases."""

    identifier: int
    parent: int
    number: int
    root: str  # what of the file system is mounted: a bind mount or a subvolume is not "/"
    point: str
    type: str
    source: str
    flags: str  # of this mount: "rw,relatime"
    options: str  # of the file system: "rw,lowerdir=/a:/b"

    @property
    def read_only(self) -> bool:
        return "ro" in (*self.flags.split(","), *self.options.split(","))

    def values(self, name: str) -> list[str]:
        """Of an option of the file system, those that are given."""
        return [value for option in self.options.split(",") for key, _, value in [option.partition("=")] if key == name]

    def sources(self) -> Iterator[str]:
        """The paths of the devices that it names; bcachefs has several in one field."""
        for each in self.source.split(":"):
            if each.startswith("/"):
                yield each
        for name in _DEVICES:
            yield from self.values(name)


def mounts(root: str = "/") -> list[Mount]:
    """All of them, in the order in which they were mounted. Raises OSError where mountinfo cannot be read."""
    return _listed(os.path.join(root, "proc/self/mountinfo"))


def mounts_of(pid: int) -> list[Mount]:
    """Those that a process sees, which may be in a container. Raises OSError."""
    return _listed(f"/proc/{pid}/mountinfo")


def _listed(file_name: str) -> list[Mount]:
    with open(file_name, "rb") as file:
        lines = os.fsdecode(file.read()).splitlines()
    return [mount for mount in map(_parsed, lines) if mount is not None]


def mount_of(path: str, mounted: list[Mount]) -> Mount | None:
    """What a resolved path is on, as the kernel walks it: the first mount point on the way hides those behind it."""
    here = next((mount for mount in mounted if mount.point == "/"), None)
    while here is not None:
        deeper = min(_next(path, here, mounted), key=lambda mount: len(mount.point), default=None)
        if deeper is None:
            return here
        here = deeper
    return None


def _next(path: str, here: Mount, mounted: list[Mount]) -> Iterator[Mount]:
    """What is mounted on ``here`` on the way to a path; a root may be its own parent."""
    for mount in mounted:
        is_upon = mount.parent == here.identifier != mount.identifier
        if is_upon and path.startswith(mount.point) and is_below(path, mount.point):
            yield mount


def is_below(path: str, point: str) -> bool:
    """Whether a path is the directory ``point`` or lies below it.

    >>> is_below("/mnt/data", "/mnt"), is_below("/mnt", "/mnt"), is_below("/mnta", "/mnt"), is_below("/a", "/")
    (True, True, False, True)
    """
    return path == point or path.startswith(point.rstrip("/") + "/")


def plain(field: str) -> str:
    r"""A field without the kernel's escapes (seq_path of fs/seq_file.c: space, tab, newline, backslash).

    >>> plain(r"/mnt/a\040place\134")
    '/mnt/a place\\'
    """
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)


def _parsed(line: str) -> Mount | None:
    """id, parent, major:minor, root, mount point, options, fields until ``-``, type, source, its options."""
    before, _, after = line.partition(" - ")
    fields, behind = before.split(" "), after.split(" ")
    major, colon, minor = (fields[2] if len(fields) > 5 else "").partition(":")
    if not colon or len(behind) < 3:
        return None
    number = os.makedev(int(major), int(minor))
    shown = [plain(field) for field in (fields[3], fields[4], *behind[:2], fields[5], behind[2])]
    return Mount(int(fields[0]), int(fields[1]), number, *shown)
