"""The files that processes hold open, with or without a name, and through which door they can be read (proc(5))."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from guardsh.model.place import Identity
from guardsh.system import proc

_DELETED = " (deleted)"  # d_path of a file without a name
_NO_DISK = ("/dev/", "/memfd:", "/SYSV", "/anon_hugepage", "/[")  # shared memory and the like, on no disk


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A regular file. ``path`` is the name that it has, or had last; ``door`` opens it as long as the process lives."""

    path: str
    door: str  # /proc/PID/fd/N
    deleted: bool  # that name is gone
    status: os.stat_result

    @property
    def identity(self) -> Identity:
        return Identity(self.status.st_dev, self.status.st_ino)


def held_by(pids: Iterable[int], root: str = "/proc") -> tuple[HeldFile, ...]:
    """Every regular file on a disk that one of the processes has open or mapped, each once.

    What this account may not look into is left out: descriptors of another's process, and mapped files without root.
    """
    found: dict[Identity, HeldFile] = {}
    for pid in pids:
        for door in (*_descriptors(f"{root}/{pid}"), *_mapped(f"{root}/{pid}")):
            file = _file(door)
            if file is not None:
                found.setdefault(file.identity, file)
    return tuple(found.values())


def _descriptors(here: str) -> list[str]:
    try:
        return [f"{here}/fd/{number}" for number in os.listdir(f"{here}/fd")]
    except OSError:
        return []


def _mapped(here: str) -> Iterator[str]:
    """Deleted files that are mapped only: /proc/PID/map_files, which takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE."""
    for line in proc.read(f"{here}/maps").splitlines():
        if line.endswith(_DELETED):
            yield f"{here}/map_files/{_plain(line.partition(' ')[0])}"


def _plain(addresses: str) -> str:
    """The names of map_files have no leading zeros."""
    return "-".join(format(int(each, 16), "x") for each in addresses.split("-"))


def _file(door: str) -> HeldFile | None:
    text = proc.link(door)
    if text is None or text.startswith(_NO_DISK):
        return None
    try:
        status = os.stat(door)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    gone = text.endswith(_DELETED) and proc.identity(text) != (status.st_dev, status.st_ino)
    return HeldFile(text.removesuffix(_DELETED) if gone else text, door, gone, status)
