"""One insured directory tree: its farm, what is told of its names, and what of that may be an accident."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Iterable

from guardsh.remedies import farm_return
from guardsh.remedies.farm import Branch, Farm
from guardsh.remedies.farm_ground import DATA, NoFarmError
from guardsh.system.fanotify import MOVED_FROM, MOVED_TO, OVERFLOW, Fanotify, Happened

_SENTINELS = frozenset({"PG_VERSION", "postmaster.pid", *DATA})
# Removed by processes that may have ended before it is known whose they were.
_FLEETING = ("pg_logical", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots", "pg_subtrans", "pg_twophase")
_TEMPORARY = "pgsql_tmp"  # PG_TEMP_FILE_PREFIX (storage/fd.h)
_CACHE = "pg_internal.init"  # RELCACHE_INIT_FILENAME (utils/relcache.h)
_ARCHIVING = "archive_status"  # in pg_wal; marks that archiving tools set as well
# Every backend opens it when it connects (RelationMapInitializePhase2, relmapper.c): so it is known while it lives.
_DOOR = ("global", "pg_filenode.map")
# What no server removes while it runs: gone, whoever was told of it or not, it is to be put back.
_NEVER_REMOVED = (("", "PG_VERSION"), ("global", "pg_control"), _DOOR)
_DOUBT = 10.0  # seconds that a name taken by a stranger, but harmlessly, could still be the beginning of an accident
_UNDER_WAY = 0.2  # seconds that what is told of a name may come after it is gone (do_unlinkat, fs/namei.c)
_AT_ONCE = 0.003  # seconds of a round of looking


class Plot:
    """``part`` says what the root is of the data directory: "" that itself, "pg_wal", or "pg_tblspc".

    Raises NoFarmError and OSError.
    """

    def __init__(self, root: str, part: str = "") -> None:
        self.part = part
        self.farm = Farm(root)
        frozen = self.farm.frozen()
        if frozen and farm_return.recall(self.farm) and farm_return.missing(self.farm):
            self.farm.close()
            raise NoFarmError(f"names are gone since an accident ({frozen}): guardsh undo brings them back")
        self.farm.forget_recalled()
        self.events = _told_of(self.farm)
        self._branches: dict[bytes, Branch] = {}
        self._leaving: dict[int, tuple[Branch, str]] = {}  # by process: what it is renaming
        self._doubted: dict[str, float] = {}  # paths that a stranger took, and when
        self._gone: dict[str, float] = {}  # paths that were seen to be missing, and when
        self._granted: set[str] = set()  # paths that somebody was allowed to take
        self._due: deque[str] = deque()  # directories to be looked at
        self._looks_changed = False
        self.unlinked: set[str] = set()  # paths without a second name: none could be made
        self.unnamed: list[tuple[Branch, str]] = []  # taken by a stranger before they had a second name
        try:
            for branch in self.farm.build():
                self._follow(branch)
        except BaseException:
            self.close()
            raise
        self._mark_door()

    def close(self) -> None:
        self.events.close()
        self.farm.close()

    def _follow(self, branch: Branch) -> None:
        self._branches[self.events.follow(branch.real)] = branch

    def _mark_door(self) -> None:
        branch = self.farm.branches.get(_DOOR[0])
        if self.part or branch is None:
            return
        with contextlib.suppress(OSError):
            door = os.open(_DOOR[1], os.O_RDONLY | os.O_CLOEXEC, dir_fd=branch.real)
            self.events.heed(door)
            os.close(door)

    def follow_again(self, fresh: Iterable[Branch]) -> None:
        """Directories that were made anew."""
        for branch in fresh:
            self._branches = {key: each for key, each in self._branches.items() if each is not branch}
            self._follow(branch)

    def grave(self, event: Happened, *, certain: bool) -> bool:
        """Whether this removal or replacement, not by the server, takes data; where it is not ``certain`` that it was
        not the server, only what no short-lived process of it removes."""
        branch = self._branches.get(event.directory)
        if branch is None or not (event.is_removal or self._is_replaced(branch, event.name)):
            return False
        path = os.path.join(self.part, branch.path, event.name)
        top = path.partition("/")[0]
        if top not in _SENTINELS or event.name.startswith((_TEMPORARY, _CACHE, "RECOVERY")) or _ARCHIVING in path:
            return False
        return certain or (top not in _FLEETING and not self._was_emptied(branch, event.name))

    def _is_replaced(self, branch: Branch, name: str) -> bool:
        """Whether it is another file's name by now, though nobody was allowed to take it from ours."""
        if os.path.join(branch.path, name) in self._granted:
            return False
        with contextlib.suppress(FileNotFoundError):
            there = os.stat(name, dir_fd=branch.real, follow_symlinks=False).st_ino
            return branch.files.get(name, there) != there
        return False

    def put_aside(self) -> str:
        """Move away what strangers have put in the places of ours; the directory in which that lies, or nothing.
        Raises OSError."""
        aside = ""
        for path in self._doubted:
            branch, name = self.farm.branches.get(os.path.dirname(path)), os.path.basename(path)
            if branch is not None and self._is_replaced(branch, name):
                aside = self.farm.put_aside(branch, name)
        return aside

    def _was_emptied(self, branch: Branch, name: str) -> bool:
        """A relation that is dropped is truncated before (mdunlinkfork, md.c); a temporary one is not: t3_16390."""
        if name.startswith("t") and "_" in name:
            return True
        try:
            return os.stat(name, dir_fd=branch.second, follow_symlinks=False).st_size == 0
        except OSError:
            return True  # it never had a second name: it came and went

    def doubt(self, event: Happened) -> None:
        """A stranger took a name, or gave it to another file. It is kept for a while: that may have been the beginning
        of an accident."""
        branch = self._branches.get(event.directory)
        if branch is None:
            return
        self._doubted[os.path.join(branch.path, event.name)] = time.monotonic()
        if not event.of_directory and event.name not in branch.files:
            self.unnamed.append((branch, event.name))

    def grant(self, event: Happened) -> None:
        """Somebody took a name who was allowed to."""
        branch = self._branches.get(event.directory)
        if branch is not None:
            self._granted.add(os.path.join(branch.path, event.name))

    def learn(self, event: Happened) -> None:
        """Follow what somebody who may has done: at once, name by name. Raises OSError where no name can be made."""
        if event.mask & OVERFLOW:
            self._due.extend(path for path in self.farm.branches if path not in self._due)
            return
        branch = self._branches.get(event.directory)
        if branch is None:
            return
        path = os.path.join(branch.path, event.name)
        if event.is_arrival:
            self._doubted.pop(path, None)
            self._granted.discard(path)
        if event.of_directory:
            self._learn_directory(branch, path)
        elif event.mask & MOVED_FROM:
            self._leaving[event.pid] = (branch, event.name)
        elif event.is_arrival:
            self._arrived(branch, event)
        elif not _is_there(branch, event.name):
            self._forget(branch, event.name)

    def _learn_directory(self, above: Branch, path: str) -> None:
        name = os.path.basename(path)
        known = self.farm.branches.get(path)
        if known is not None and os.fstat(known.real).st_nlink == 0:
            self._drop(path)
            known = None
        if known is None:
            self._add(path, above)
        elif not _is_there(above, name):  # moved
            self._drop(path)

    def _arrived(self, branch: Branch, event: Happened) -> None:
        before, path = branch.files.get(event.name), os.path.join(branch.path, event.name)
        self.unlinked.add(path)
        self.farm.link(branch, event.name)
        self.unlinked.discard(path)
        self._looks_changed |= event.name in branch.links
        old = self._leaving.pop(event.pid, None) if event.mask & MOVED_TO else None
        if (branch.path, event.name) == _DOOR:
            self._mark_door()
        if old is None:
            return
        if branch.files.get(event.name) == before:  # it has gone again: its second name still has the old one
            self.farm.renamed(*old, branch, event.name)
        elif not _is_there(*old):
            self.farm.forget(*old)

    @property
    def is_wounded(self) -> bool:
        """Whether a name is gone that no server removes, and that can be put back."""
        for path, name in _NEVER_REMOVED if not self.part else ():
            branch = self.farm.branches.get(path)
            if branch is not None and name in branch.files and not _is_there(branch, name):
                return os.path.join(path, name) not in self._granted
        return False

    def look(self, *, whole: bool = False) -> None:
        """Look at some directories, for no longer than a moment: news may have been lost. ``whole``: begin at the
        first of all. Raises OSError.

        What is gone is let go once all is read that was told until then: that a stranger took it would be among that.
        """
        self._let_go()
        if whole and not self._due:
            self._due.extend(sorted(self.farm.branches))
        end = time.monotonic() + _AT_ONCE
        while self._due and time.monotonic() < end:
            branch = self.farm.branches.get(path := self._due.popleft())
            if branch is not None and os.fstat(branch.real).st_nlink > 0:
                self._due.append(path)  # should it fail
                self._look_at(branch)
                self._due.pop()
        if self._looks_changed and not self._due:
            self._looks_changed = False
            self.farm.note_looks()

    def _look_at(self, branch: Branch) -> None:
        seen = self.farm.refresh(branch)
        self.unlinked = {path for path in self.unlinked if os.path.dirname(path) != branch.path}
        for path in seen.new:
            self._add(path, branch)
        now = time.monotonic()
        for path in (*(os.path.join(branch.path, name) for name in seen.vanished), *seen.removed):
            self._gone.setdefault(path, now)

    def _let_go(self) -> None:
        """What was seen to be gone, is gone still, and was not taken by a stranger."""
        now = time.monotonic()
        over = {path for path, since in self._doubted.items() if now - since > _DOUBT}
        over |= {path for path, since in self._gone.items() if since + _UNDER_WAY < self.events.drained_at}
        self._doubted = {path: since for path, since in self._doubted.items() if now - since <= _DOUBT}
        for path in over - self._doubted.keys():
            above = self.farm.branches.get(os.path.dirname(path))
            if above is not None and os.fstat(above.real).st_nlink > 0 and not _is_there(above, os.path.basename(path)):
                self._let_go_of(above, path)
        self._gone = {path: since for path, since in self._gone.items() if path not in over}

    def _let_go_of(self, above: Branch, path: str) -> None:
        name = os.path.basename(path)
        if path in self.farm.branches:
            self._drop(path)
        elif path in self._granted or self.part or (above.path, name) not in _NEVER_REMOVED:
            self._forget(above, name)

    def _forget(self, branch: Branch, name: str) -> None:
        self._looks_changed |= name in branch.links
        self.farm.forget(branch, name)

    def settled(self) -> None:
        """All names are back in their places."""
        self._doubted.clear()
        self._gone.clear()
        self._granted.clear()
        self._leaving.clear()
        self.unnamed.clear()

    def _add(self, path: str, above: Branch) -> None:
        self._looks_changed = True
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            for new in self.farm.add(path, os.open(os.path.basename(path), flags, dir_fd=above.real)):
                self._follow(new)

    def _drop(self, path: str) -> None:
        self._looks_changed = True
        self._branches = {
            key: each for key, each in self._branches.items() if not (each.path + "/").startswith(path + "/")
        }
        self.farm.drop(path)

    @property
    def is_behind(self) -> bool:
        """Whether directories are still to be looked at."""
        return bool(self._due)

    @property
    def names(self) -> int:
        return sum(len(branch.files) for branch in self.farm.branches.values())


def _told_of(farm: Farm) -> Fanotify:
    try:
        return Fanotify()
    except OSError as error:
        farm.close()
        kernel, why = f"Linux {os.uname().release}", (error.strerror or "").lower()
        needs = "fanotify with names: Linux 5.9 or newer, and CAP_SYS_ADMIN of the machine"
        raise NoFarmError(f"NOT insured: {kernel} does not tell us of names here ({why}); it takes {needs}") from None


def _is_there(branch: Branch, name: str) -> bool:
    try:
        os.stat(name, dir_fd=branch.real, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
