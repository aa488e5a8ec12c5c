"""/proc, read without ever raising: whatever vanishes or may not be seen is left out (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from guardsh.model.place import Identity


@dataclass(frozen=True, slots=True)
class Process:
    """The fields of /proc/PID/stat that matter here. ``name`` is the kernel's, of at most 15 bytes."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    session: int
    ticks: int  # of the clock, from boot to its start
    terminal: int = 0  # device number of the controlling terminal; 0: none
    foreground: int = -1  # process group in the foreground of that terminal


def processes(root: str) -> Iterator[Process]:
    """Every process that is alive; a zombie is not."""
    for entry in os.listdir(root):
        if entry.isdigit():
            process = parse_stat(read(f"{root}/{entry}/stat"))
            if process is not None and process.state not in "ZXx":
                yield process


def parse_stat(text: str) -> Process | None:
    """The name stands in parentheses and may hold anything, so the last one ends it."""
    try:
        pid, _, rest = text.partition(" (")
        name, _, tail = rest.rpartition(") ")
        fields = tail.split()
        numbers = (int(fields[index]) for index in (1, 2, 3, 19, 4, 5))
        return Process(int(pid), name, fields[0], *numbers)
    except (IndexError, ValueError):
        return None


def ancestors(pid: int, listed: dict[int, Process]) -> frozenset[int]:
    """The process itself and those it descends from."""
    found = set()
    while pid in listed and pid not in found:
        found.add(pid)
        pid = listed[pid].parent
    return frozenset(found)


def words(pid: int, root: str) -> list[str]:
    """The command line. A title overwrites it as one string, padded with blanks or zero bytes."""
    split = read(f"{root}/{pid}/cmdline").rstrip("\0 ").split("\0")
    return [split[0].rstrip(), *split[1:]] if split[0] else []


def booted(root: str) -> float:
    """When the machine was started, in seconds since the epoch: ``btime`` of /proc/stat."""
    for line in read(f"{root}/stat").splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    return 0.0


def owner(here: str) -> int | None:
    """The effective uid; None where the process is gone.

    Not the owner of /proc/PID: that is root for a process that may not dump core.
    """
    for line in read(f"{here}/status").splitlines():
        if line.startswith("Uid:"):
            return int(line.split()[2])
    return None


def identity(path: str) -> Identity | None:
    """What the path leads to, links followed; None where it cannot be seen."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return Identity(status.st_dev, status.st_ino)


def link(path: str) -> str | None:
    """What a symbolic link holds; None where it cannot be read."""
    try:
        return os.readlink(path)
    except OSError:
        return None


def read(path: str) -> str:
    """The text of a small file; empty where it cannot be read or its process is gone."""
    try:
        with open(path, "rb", buffering=0) as file:
            return os.fsdecode(file.readall() or b"")
    except OSError:
        return ""
