"""Bring everything home: copy, in order, as far as DEST takes it; then read back what was written."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from guardsh.model.place import Identity
from guardsh.model.salvage import Copy, Source, State
from guardsh.operations.salvage.destination import Destination
from guardsh.operations.salvage.journal import Journal
from guardsh.system import verified_copy

_FLUSH = 2.0  # seconds after which what has been copied is made safe
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)

Moved = Callable[[int], None]  # is told of every piece, in bytes


def copy_all(sources: Sequence[Source], destination: Destination, journal: Journal, moved: Moved) -> None:
    """Copy what the journal does not have. Raises OSError where DEST takes no more; what came home until then is on
    record, and so it is whatever ends this."""
    flushed = time.monotonic()
    with ThreadPoolExecutor(1) as hasher, _recorded(journal):
        for source in sources:
            if journal.has(source):
                moved(source.size)
                continue
            journal.add(_copy(source, destination, moved, hasher))
            if time.monotonic() - flushed > _FLUSH:
                journal.flush()
                flushed = time.monotonic()


def verify_all(sources: Sequence[Source], destination: Destination, journal: Journal, moved: Moved) -> None:
    """Read back what has been copied; what DEST does not give back as it was is recorded as lost."""
    with _recorded(journal):
        for source in sources:
            copy = journal.copies.get(source.name)
            if copy is None or copy.state is not State.COPIED:
                moved(source.size)
                continue
            journal.add(_verified(copy, destination, moved))


@contextlib.contextmanager
def _recorded(journal: Journal) -> Iterator[None]:
    try:
        yield
    finally:
        journal.flush()


def _copy(source: Source, destination: Destination, moved: Moved, hasher: ThreadPoolExecutor) -> Copy:
    try:
        reading = os.open(source.door, _OPEN | (0 if source.deleted else os.O_NOFOLLOW))
    except OSError as error:
        return Copy(source, State.LOST, detail=f"could not open it: {(error.strerror or '').lower()}")
    try:
        if Identity(*_identity(reading)) != source.identity:
            return Copy(source, State.LOST, detail="another file has taken its place")
        return _written(source, reading, destination, moved, hasher)
    finally:
        os.close(reading)


def _written(source: Source, reading: int, destination: Destination, moved: Moved, hasher: ThreadPoolExecutor) -> Copy:
    try:
        writing = destination.create(source.name)
        try:
            done = verified_copy.copy(reading, writing, moved, hasher)
            os.utime(writing, ns=(source.mtime_ns, source.mtime_ns))
        finally:
            os.close(writing)
    except OSError as error:
        if error.errno in _FULL:
            raise
        return Copy(source, State.LOST, detail=f"could not copy it: {(error.strerror or '').lower()}")
    return _judged(source, done, os.fstat(reading))


def _judged(source: Source, done: verified_copy.Copied, after: os.stat_result) -> Copy:
    if done.unread:
        return Copy(source, State.DAMAGED, done.sha256, f"{done.unread} bytes could not be read")
    if done.size < source.size:
        return Copy(source, State.TRUNCATED, done.sha256, f"{done.size} of {source.size} bytes")
    if (after.st_size, after.st_mtime_ns) != (source.size, source.mtime_ns):
        return Copy(source, State.CHANGING, done.sha256, "it was written to while it was copied")
    return Copy(source, State.COPIED, done.sha256)


def _verified(copy: Copy, destination: Destination, moved: Moved) -> Copy:
    try:
        reading = destination.open(copy.source.name)
        try:
            same = verified_copy.checksum(reading, moved) == copy.sha256
        finally:
            os.close(reading)
    except OSError as error:
        return Copy(copy.source, State.LOST, detail=f"could not read it back: {(error.strerror or '').lower()}")
    if not same:
        return Copy(copy.source, State.LOST, copy.sha256, "DEST does not give back what was written")
    return Copy(copy.source, State.WHOLE, copy.sha256)


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
