"""Whose processes they are: the server's own, also when they have ended by the time it counts."""

from __future__ import annotations

import os
import signal
import time

from guardsh.system import proc

_REMEMBERED = 2.0  # seconds: longer than an event is under way, shorter than pids take to come round
_STILL = frozenset("TtZXx")


class Family:
    """The postmaster and its children. What these start in turn (archive_command, COPY TO PROGRAM) is not of it, nor
    is another program whose parent it has become: in a container it may be the first process of all."""

    def __init__(self, postmaster: int) -> None:
        self.postmaster = postmaster
        itself = proc.parse_stat(proc.read(f"/proc/{postmaster}/stat"))
        self._program, self._name = _program(postmaster), itself.name if itself is not None else ""
        self._known: dict[int, tuple[bool, float]] = {}
        self.learn()

    def belongs(self, pid: int) -> bool | None:
        """Whether the process is of the family; None where it is gone, and was never looked at."""
        known = self._known.get(pid)
        now = time.monotonic()
        if known is not None and now - known[1] < _REMEMBERED:
            return known[0]
        process = proc.parse_stat(proc.read(f"/proc/{pid}/stat"))
        if process is None:
            return known[0] if known is not None else None
        found = self.postmaster in (process.pid, process.parent) and self._is_of_program(process)
        self._known[pid] = (found, now)
        return found

    def _is_of_program(self, process: proc.Process) -> bool:
        """Of one that has just ended only the name is left."""
        program = _program(process.pid)
        return program == self._program if program is not None else process.name == self._name

    def learn(self) -> None:
        """Look at the children that there are now: they are known also after they have ended."""
        now = time.monotonic()
        self._known = {pid: each for pid, each in self._known.items() if now - each[1] < 2 * _REMEMBERED}
        for pid in self.members():
            self.belongs(pid)

    def members(self) -> tuple[int, ...]:
        """The postmaster first, then its children (proc(5); CONFIG_PROC_CHILDREN)."""
        try:
            with open(f"/proc/{self.postmaster}/task/{self.postmaster}/children", encoding="ascii") as file:
                return (self.postmaster, *map(int, file.read().split()))
        except FileNotFoundError:
            children = (process.pid for process in proc.processes("/proc") if process.parent == self.postmaster)
            return (self.postmaster, *children)

    def is_still(self) -> bool:
        """Whether somebody holds the postmaster still, or it has ended."""
        return _is_still(self.postmaster)

    def stop(self) -> None:
        """Hold all still, the postmaster first: then nobody new comes. Raises ProcessLookupError where it is gone."""
        os.kill(self.postmaster, signal.SIGSTOP)
        sent: set[int] = {self.postmaster}
        while new := set(self.members()) - sent:  # a child may just have been forked
            for pid in new:
                _signal(pid, signal.SIGSTOP)
            sent |= new

    def await_stillness(self, patience: float) -> bool:
        """Whether all stood still before so many seconds were over."""
        end = time.monotonic() + patience
        waiting = list(self.members())
        while waiting := [pid for pid in waiting if not _is_still(pid)]:
            if time.monotonic() > end:
                return False
            time.sleep(0.0005)
        return True

    def go_on(self) -> None:
        """The children first: a postmaster that wakes alone would miss them."""
        for pid in (*self.members()[1:], self.postmaster):
            _signal(pid, signal.SIGCONT)


def _program(pid: int) -> tuple[int, int] | None:
    """Device and inode of what it runs; None where that cannot be seen, or it has ended."""
    try:
        status = os.stat(f"/proc/{pid}/exe")
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_still(pid: int) -> bool:
    process = proc.parse_stat(proc.read(f"/proc/{pid}/stat"))
    return process is None or process.state in _STILL


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
