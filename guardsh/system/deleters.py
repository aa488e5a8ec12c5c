"""Programs that are still deleting below a directory, found in /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from guardsh.system import proc
from guardsh.system.suspension import Member

_NAMES = frozenset({"find", "rm", "rmdir", "rsync", "shred", "srm", "unlink"})
_ONLY_WITH = {"find": ("-delete", "-exec"), "rsync": ("--del", "--remove")}  # how the words that delete begin
_DELETED = " (deleted)"


@dataclass(frozen=True, slots=True)
class Deleter:
    """One process; ``command`` is its command line."""

    member: Member
    command: tuple[str, ...]


def deleters(directory: str, root: str = "/proc") -> tuple[Deleter, ...]:
    """Those that name the directory or something below it, work in it, or have a directory of it open."""
    found = (process for process in proc.processes(root) if process.name in _NAMES)
    return tuple(
        Deleter(Member(process.pid, process.ticks), tuple(proc.words(process.pid, root)))
        for process in found
        if _deletes(process, root) and any(_is_below(path, directory) for path in _places(process.pid, root))
    )


def _deletes(process: proc.Process, root: str) -> bool:
    wanted = _ONLY_WITH.get(process.name)
    return wanted is None or any(word.startswith(wanted) for word in proc.words(process.pid, root))


def _places(pid: int, root: str) -> Iterator[str]:
    here = f"{root}/{pid}"
    cwd = _plain(proc.link(f"{here}/cwd") or "/")
    yield cwd
    yield from (os.path.normpath(os.path.join(cwd, word)) for word in proc.words(pid, root)[1:])
    try:
        numbers = os.listdir(f"{here}/fd")
    except OSError:
        return
    yield from (_plain(proc.link(f"{here}/fd/{number}") or "") for number in numbers)


def _plain(path: str) -> str:
    return path.removesuffix(_DELETED)


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")
