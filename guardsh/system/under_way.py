"""How far a long copy of guardsh's own is, for whoever looks on: kept in the memory of the process that makes it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from guardsh.model.storage import Progress
from guardsh.system import proc

# An anonymous file (memfd_create(2)) among the open ones of the process: it needs no place on any disk, of which a
# frozen one would hang the copy, and is gone with the process.
_NAME = "guardsh-progress"
_LINK = f"/memfd:{_NAME} (deleted)"
_SIZE, _LONGEST = 2048, 150  # bytes of the file, characters of what it says
_COMMANDS = frozenset({"salvage"})


@dataclass(frozen=True, slots=True)
class UnderWay:
    """``what`` is copied by a process, as in ``salvage to /mnt/usb/rescue``."""

    pid: int
    what: str
    progress: Progress


class Told:
    """What one copy says of itself. Nothing here ever fails: the copy goes on without it."""

    def __init__(self, what: str) -> None:
        self._what = what[:_LONGEST]
        self._descriptor = -1
        with contextlib.suppress(OSError):
            self._descriptor = os.memfd_create(_NAME)

    def say(self, progress: Progress) -> None:
        text = json.dumps({"what": self._what, "progress": asdict(progress)})
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, text.encode("ascii").ljust(_SIZE), 0)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        self._descriptor = -1


def seen() -> tuple[UnderWay, ...]:
    """What copies of root and of this account say, as far as they may be looked into."""
    pids = [process.pid for process in proc.processes("/proc") if _COMMANDS & {*proc.words(process.pid, "/proc")}]
    trusted = (pid for pid in pids if proc.owner(f"/proc/{pid}") in (0, os.geteuid()))
    return tuple(found for pid in trusted for found in _of(pid))


def _of(pid: int) -> Iterator[UnderWay]:
    directory = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):
        for number in os.listdir(directory):
            if proc.link(f"{directory}/{number}") == _LINK:
                yield from _read(pid, f"{directory}/{number}")


def _read(pid: int, path: str) -> Iterator[UnderWay]:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        said = json.loads(proc.read(path))
        figures = said["progress"]
        rate = figures["kib_per_second"]
        progress = Progress(int(figures["done"]), int(figures["total"]), rate and int(rate), action="copy")
        yield UnderWay(pid, str(said["what"])[:_LONGEST], progress)
