"""Work done in a process of its own, so that whatever hangs there (a server, NFS, a frozen disk) hangs alone."""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from guardsh.model.observed import Known, Unknown

T = TypeVar("T")

# The pipes of this process and of those it was forked from. A child must not hold them open: whoever waits for their
# end would wait for the child, too.
_answering: list[int] = []

# Children killed at a deadline: one in an uninterruptible sleep cannot be waited for until it wakes.
_killed: list[int] = []


class Deadline:
    """A moment on the monotonic clock by which everything must have answered."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())


@dataclass(frozen=True, slots=True)
class Account:
    """The account that a piece of work is done as; only root can become another."""

    uid: int
    gid: int

    def become(self) -> None:
        """Drop to this account for good, in a child process. Nothing to do where it is already ours."""
        if (os.geteuid(), os.getegid()) == (self.uid, self.gid):
            return
        os.setgroups([])
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)


class Apart(Generic[T]):
    """One piece of work under way in a child process; its result is pickled through a pipe."""

    def __init__(self, work: Callable[[], T], account: Account | None = None) -> None:
        _killed[:] = [pid for pid in _killed if os.waitpid(pid, os.WNOHANG)[0] == 0]
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reader)
            _work_and_exit(work, account, writer)
        os.close(writer)
        self._reader = reader
        self._received = bytearray()
        self._ended = False

    def fileno(self) -> int:
        return self._reader

    def receive(self) -> bool:
        """Take what has arrived; True once the child has said everything."""
        chunk = os.read(self._reader, 1 << 16)
        self._received += chunk
        self._ended = not chunk
        return self._ended

    def result(self, deadline: Deadline) -> Known[T] | Unknown:
        """What the work returned (its source is empty), or why there is nothing; the child is gone afterwards."""
        finished = self._ended
        while not finished and select.select([self], [], [], deadline.left())[0]:
            finished = self.receive()
        os.close(self._reader)
        if finished:
            os.waitpid(self.pid, 0)
        else:
            os.kill(self.pid, signal.SIGKILL)
            _killed.append(self.pid)
            return Unknown(f"no answer in {deadline.seconds:.1f} s")
        if not self._received:
            return Unknown("the look outside ended without an answer")
        outcome: Known[T] | Unknown = pickle.loads(self._received)  # noqa: S301 (from our own child)
        return outcome


def apart(work: Callable[[], T], deadline: Deadline, account: Account | None = None) -> Known[T] | Unknown:
    """Do ``work`` in a child process, as ``account``; an exception or the deadline makes it an ``Unknown``."""
    return Apart(work, account).result(deadline)


def side_by_side(works: Iterable[Callable[[], T]], deadline: Deadline) -> list[Known[T] | Unknown]:
    """Do several pieces of work at once, in order of the argument, under one deadline."""
    started = [Apart(work) for work in works]
    waiting = set(started)
    while waiting:
        ready = select.select(list(waiting), [], [], deadline.left())[0]
        if not ready:
            break
        waiting -= {piece for piece in ready if piece.receive()}
    return [piece.result(deadline) for piece in started]


def _work_and_exit(work: Callable[[], T], account: Account | None, writer: int) -> None:
    try:
        gc.disable()  # it ends before there is garbage; importing psycopg takes a fifth less
        _killed.clear()
        while _answering:
            os.close(_answering.pop())
        _answering.append(writer)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        outcome: Known[T] | Unknown
        try:
            if account is not None:
                account.become()
            outcome = Known(work(), "")
        except Exception as error:
            outcome = Unknown(_reason(error))
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(outcome, pipe)
    finally:
        os._exit(0)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f" {error.filename}" if error.filename else ""
        return f"could not read{where}: {error.strerror.lower()}"
    return f"{type(error).__name__}: {error}".splitlines()[0]
