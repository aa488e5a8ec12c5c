"""A server held still: SIGSTOP for its postmaster and all its children, and SIGCONT when it may go on."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from guardsh.system import proc

_PATIENCE = 1.0  # seconds for processes in the middle of a disk's work
_ROUND = 0.0005  # seconds
_STILL = frozenset("TtZXx")


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a server: by pid and by its start (ticks since boot), since pids are used again."""

    pid: int
    ticks: int


def family(postmaster: int, root: str = "/proc") -> tuple[Member, ...]:
    """The postmaster first, then its children; empty where it is gone."""
    top = proc.parse_stat(proc.read(f"{root}/{postmaster}/stat"))
    if top is None or top.state in "ZXx":
        return ()
    children = [process for process in proc.processes(root) if process.parent == postmaster]
    return (Member(top.pid, top.ticks), *(Member(child.pid, child.ticks) for child in children))


def suspend(postmaster: int, patience: float = _PATIENCE) -> tuple[Member, ...]:
    """Stop the whole family, the postmaster first so that it starts nobody new; the members, all of them still.

    Raises ProcessLookupError where it is gone, PermissionError, and TimeoutError where a member did not stand still in
    time (it sleeps uninterruptibly): then nothing was left stopped that was not so before.
    """
    before = [member for member in family(postmaster) if is_still(member)]
    try:
        members = halt(postmaster, patience)
        if not all(map(is_still, members)):
            raise TimeoutError(f"a process of server {postmaster} did not stop in {patience:.1f} s")
    except BaseException:
        resume([member for member in family(postmaster) if member not in before])
        raise
    return members


def halt(postmaster: int, patience: float = _PATIENCE) -> tuple[Member, ...]:
    """As ``suspend``, but nothing is taken back: a member that sleeps uninterruptibly has its SIGSTOP, and stands
    before it does anything else.

    Raises ProcessLookupError where it is gone, and PermissionError.
    """
    end = time.monotonic() + patience
    os.kill(postmaster, signal.SIGSTOP)
    # Only one that stands starts nobody new: what is listed after that is complete.
    while not _all_still(top := family(postmaster)[:1]) and time.monotonic() < end:
        time.sleep(_ROUND)
    if not top:
        raise ProcessLookupError(f"process {postmaster} is gone")
    return _halted(family(postmaster), end)


def halt_all(members: Sequence[Member], patience: float = _PATIENCE) -> tuple[Member, ...]:
    """Stop these processes; those that are still there, as ``halt`` leaves them. Raises PermissionError."""
    return _halted(tuple(members), time.monotonic() + patience)


def resume(members: Sequence[Member]) -> None:
    """Let them go on, the children first: a postmaster that wakes alone would miss them; what is gone is passed
    over."""
    for member in (*members[1:], *members[:1]):
        _signal(member, signal.SIGCONT)


@contextmanager
def suspended(postmaster: int) -> Iterator[tuple[Member, ...]]:
    """The family, held still inside the ``with`` block. Raises as ``suspend``."""
    members = suspend(postmaster)
    try:
        yield members
    finally:
        resume(members)


def is_still(member: Member) -> bool:
    """Whether it is stopped, or has ended."""
    return _state(member) in _STILL


def is_there(member: Member) -> bool:
    return _state(member) not in "ZXx"


def _all_still(members: Sequence[Member]) -> bool:
    return all(map(is_still, members))


def _halted(members: tuple[Member, ...], end: float) -> tuple[Member, ...]:
    for member in members:
        if not is_still(member):
            _signal(member, signal.SIGSTOP)
    while not _all_still(members) and time.monotonic() < end:
        time.sleep(_ROUND)
    return tuple(member for member in members if is_there(member))


def _signal(member: Member, number: signal.Signals) -> None:
    """Only to that very process: a pid may have been used again."""
    with contextlib.suppress(ProcessLookupError):
        door = os.pidfd_open(member.pid)
        try:
            now = proc.parse_stat(proc.read(f"/proc/{member.pid}/stat"))
            if now is not None and now.ticks == member.ticks:
                signal.pidfd_send_signal(door, number)
        finally:
            os.close(door)


def _state(member: Member) -> str:
    now = proc.parse_stat(proc.read(f"/proc/{member.pid}/stat"))
    return now.state if now is not None and now.ticks == member.ticks else "X"
