"""Which file system a path lies on, across bind mounts and subvolumes (proc_pid_mountinfo(5))."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from guardsh.system import proc

_OCTAL = re.compile(r"\\([0-7]{3})")
_LINE = re.compile(r"(\d+) \d+ (\d+:\d+) (\S+) (\S+) (\S+) .*? ?- (\S+) (\S+) (\S+)")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line. ``device`` is the file system's own number (``8:1``), the same for every subvolume of it."""

    number: int
    device: str
    point: str
    options: frozenset[str]  # of this mount
    kind: str
    source: str
    super_options: frozenset[str]  # of the file system


def mounts(process: str = "self") -> dict[int, Mount]:
    """The mounts that a process sees, by number, in their order."""
    found = (_LINE.fullmatch(line) for line in proc.read(f"/proc/{process}/mountinfo").splitlines())
    return {mount.number: mount for mount in (_mount(match) for match in found if match)}


def mount_of(path: str, process: str = "self") -> Mount | None:
    """The mount that a path leads into, the directory removed or not; None where it cannot be told, which is so of
    other mount namespaces unless ``process`` is one of theirs."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        text = proc.read(f"/proc/self/fdinfo/{descriptor}")
    finally:
        os.close(descriptor)
    number = re.search(r"^mnt_id:\s*(\d+)", text, re.MULTILINE)
    return mounts(process).get(int(number[1])) if number else None


def file_system(path: str) -> str:
    """A name for the file system below a path: its device number; st_dev where the mount table does not tell."""
    mount = mount_of(path)
    if mount is not None:
        return mount.device
    identity = proc.identity(path)
    return f"{os.major(identity.device)}:{os.minor(identity.device)}" if identity else ""


def _mount(match: re.Match[str]) -> Mount:
    number, device, _, point, options, kind, source, more = match.groups()
    return Mount(
        int(number),
        device,
        _plain(point),
        frozenset(options.split(",")),
        kind,
        _plain(source),
        frozenset(more.split(",")),
    )


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
