"""Everything that wakes the watcher before its time: files, processes, arrays, answers, signals."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from guardsh.system import inotify
from guardsh.system.inotify import Inotify

# Files of a data directory whose coming or going is news. pg_control is not among them: a busy replica writes it
# many times a second, and whatever it tells, postmaster.pid tells too.
_NEWS = frozenset(
    {"", "PG_VERSION", "backup_label", "postmaster.pid", "promote", "recovery.conf", "recovery.signal",
     "standby.signal"}
)  # fmt: skip
_OF_DIRECTORY = inotify.CREATE | inotify.DELETE | inotify.MOVED | inotify.GONE


class Descriptor(Protocol):
    def fileno(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Woken:
    """``news``: something may have changed on this node. ``answers``: descriptors with something to read."""

    news: bool
    answers: frozenset[int]


class Events:
    """What is followed. Where an account may not follow something, it is looked at from time to time only."""

    def __init__(self, mdstat: str) -> None:
        self._mdstat = mdstat
        self._arrays: int | None = None
        self._processes: dict[int, int] = {}  # descriptor by pid
        self._inotify: Inotify | None = None
        with suppress(OSError):
            self._inotify = Inotify()
        self._follow_arrays()

    def follow(self, directories: Iterable[str], pids: Iterable[int]) -> None:
        """Follow these data directories (more than before), and just these processes."""
        for directory in directories:
            self._follow_files(directory)
        wanted = set(pids)
        for pid in wanted - self._processes.keys():
            with suppress(OSError):
                self._processes[pid] = os.pidfd_open(pid)
        for pid in self._processes.keys() - wanted:
            os.close(self._processes.pop(pid))

    def close(self) -> None:
        self.follow((), ())
        for descriptor in (self._arrays, self._inotify.fileno() if self._inotify else None):
            if descriptor is not None:
                os.close(descriptor)

    def wait(self, seconds: float, others: Iterable[Descriptor]) -> Woken:
        """Until something happens or the time is up."""
        poll = select.poll()
        answering = {each.fileno() for each in others}
        for descriptor in answering | set(self._processes.values()):
            poll.register(descriptor, select.POLLIN)
        if self._inotify is not None:
            poll.register(self._inotify, select.POLLIN)
        if self._arrays is not None:
            poll.register(self._arrays, select.POLLPRI)  # with POLLERR, always: md_seq_open and mdstat_poll in md.c
        ready = {descriptor for descriptor, _ in poll.poll(max(0.0, seconds) * 1000)}
        return Woken(self._take_news(ready), frozenset(ready & answering))

    def _take_news(self, ready: set[int]) -> bool:
        """Every source is read to its end, or left: none may stay readable."""
        news = False
        if self._inotify is not None and self._inotify.fileno() in ready:
            news = not _NEWS.isdisjoint(self._inotify.news())
        for pid, descriptor in list(self._processes.items()):
            if descriptor in ready:
                os.close(self._processes.pop(pid))
                news = True
        if self._arrays in ready:
            self._follow_arrays()
            news = True
        return news

    def _follow_files(self, directory: str) -> None:
        if self._inotify is None:
            return
        with suppress(OSError):
            self._inotify.watch(directory, _OF_DIRECTORY)
            # its eighth line: starting, ready, standby, stopping (src/include/utils/pidfile.h)
            self._inotify.watch(os.path.join(directory, "postmaster.pid"), inotify.MODIFY)

    def _follow_arrays(self) -> None:
        """A descriptor opened anew has seen all events until then."""
        if self._arrays is not None:
            os.close(self._arrays)
        self._arrays = None
        with suppress(OSError):
            self._arrays = os.open(self._mdstat, os.O_RDONLY | os.O_CLOEXEC)
