"""The mounted file systems, from /proc/PID/mountinfo (proc_pid_mountinfo(5)), and which of them a path is on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from guardsh.system import proc

_OCTAL = re.compile(r"\\([0-7]{3})")
# xfs(5), ext4(5), btrfs(5): further devices of one file system
_DEVICES = ("logdev", "rtdev", "journal_path", "device")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line. ``number`` is the st_dev of its files, in most cases; the same for every subvolume of a btrfs."""

    identifier: int
    parent: int
    number: int
    root: str  # what of the file system is mounted: a bind mount or a subvolume is not "/"
    point: str
    kind: str
    source: str
    flags: str  # of this mount: "rw,relatime"
    options: str  # of the file system: "rw,lowerdir=/a:/b"

    @property
    def device(self) -> str:
        """The number as ``8:1``."""
        return f"{os.major(self.number)}:{os.minor(self.number)}"

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

    def inside(self, path: str) -> str:
        """Where a path lies in the file system itself: relative to its root, "" for that."""
        whole = os.path.normpath(f"{self.root}/{os.path.relpath(path, self.point)}")
        return whole.strip("/").removeprefix(".")


def mounts(root: str = "/") -> list[Mount]:
    """All of this mount namespace, in the order in which they were mounted. Raises OSError."""
    return _listed(os.path.join(root, "proc/self/mountinfo"))


def mounts_of(pid: int) -> list[Mount]:
    """Those that a process sees, which may be in a container. Raises OSError."""
    return _listed(f"/proc/{pid}/mountinfo")


def parse(line: bytes) -> Mount | None:
    """id, parent, major:minor, root, mount point, flags, fields until ``-``, type, source, options; None where it is
    not such a line."""
    before, _, after = os.fsdecode(line.rstrip(b"\n")).partition(" - ")
    fields, behind = before.split(" "), after.split(" ")
    major, colon, minor = (fields[2] if len(fields) > 5 else "").partition(":")
    if not colon or len(behind) < 3:
        return None
    number = os.makedev(int(major), int(minor))
    shown = map(plain, (fields[3], fields[4], *behind[:2], fields[5], behind[2]))
    return Mount(int(fields[0]), int(fields[1]), number, *shown)


def plain(field: str) -> str:
    r"""A field without the kernel's escapes (seq_path of fs/seq_file.c: space, tab, newline, backslash).

    >>> plain(r"/mnt/a\040place\134")
    '/mnt/a place\\'
    """
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)


def mount_of(path: str, mounted: list[Mount]) -> Mount | None:
    """What a resolved path is on, as the kernel walks it: the first mount point on the way hides those behind it."""
    here = next((mount for mount in mounted if mount.point == "/"), None)
    while here is not None:
        deeper = min(_next(path, here, mounted), key=lambda mount: len(mount.point), default=None)
        if deeper is None:
            return here
        here = deeper
    return None


def is_below(path: str, point: str) -> bool:
    """Whether a path is the directory ``point`` or lies below it.

    >>> is_below("/mnt/data", "/mnt"), is_below("/mnt", "/mnt"), is_below("/mnta", "/mnt"), is_below("/a", "/")
    (True, True, False, True)
    """
    return path == point or path.startswith(point.rstrip("/") + "/")


def opened(path: str) -> Mount | None:
    """The mount that a path leads into, by opening it: the directory may have been removed. None where it cannot be
    told, which is so of other mount namespaces."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        text = proc.read(f"/proc/self/fdinfo/{descriptor}")
        number = re.search(r"^mnt_id:\s*(\d+)", text, re.MULTILINE)
        return next((mount for mount in mounts() if number and mount.identifier == int(number[1])), None)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def file_system(path: str) -> str:
    """A name for the file system below a path: its device number; st_dev where the mount table does not tell."""
    mount = opened(path)
    if mount is not None:
        return mount.device
    identity = proc.identity(path)
    return f"{os.major(identity.device)}:{os.minor(identity.device)}" if identity else ""


def _listed(file_name: str) -> list[Mount]:
    with open(file_name, "rb") as file:
        return [mount for mount in map(parse, file.read().split(b"\n")) if mount is not None]


def _next(path: str, here: Mount, mounted: list[Mount]) -> Iterator[Mount]:
    """What is mounted on ``here`` on the way to a path; a root may be its own parent."""
    for mount in mounted:
        is_upon = mount.parent == here.identifier != mount.identifier
        if is_upon and path.startswith(mount.point) and is_below(path, mount.point):
            yield mount
