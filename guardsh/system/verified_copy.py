"""One file copied by descriptor: blocks shared where the file system can, holes kept, every byte in a checksum."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from guardsh.system import kernel

_PIECE = 1 << 20  # bytes at a time
_PAGE = 8192  # of Postgres: so much is given up where a disk does not read
_ZEROS = bytes(_PIECE)
_UNREADABLE = (errno.EIO, errno.EUCLEAN, errno.EBADMSG)  # a bad block, a checksum of the file system


@dataclass(frozen=True, slots=True)
class Copied:
    """``size`` bytes, holes included; ``unread`` of them could not be read, and are zeros in the copy."""

    size: int
    sha256: str
    unread: int = 0


def copy(source: int, target: int, moved: Callable[[int], None], hasher: ThreadPoolExecutor) -> Copied:
    """Copy all of ``source`` into the empty file ``target``; ``moved`` is told of every piece, in bytes.

    ``hasher`` has one thread, which works on the checksum while the next piece is written. Raises OSError where
    ``target`` cannot be written.
    """
    reflinked = _reflinked(source, target)
    digest, unread, size = hashlib.sha256(), 0, os.fstat(source).st_size
    at = 0
    for begin, end in _extents(source, size):
        _add_zeros(digest.update, begin - at, moved)
        at = begin
        while at < end:
            piece, lost = _piece(source, at, min(_PIECE, end - at))
            if not piece:
                return Copied(at, digest.hexdigest(), unread)  # it became shorter meanwhile
            hashing = hasher.submit(digest.update, piece)
            if not reflinked or lost:
                _write(target, piece, at)
            hashing.result()
            at += len(piece)
            unread += lost
            moved(len(piece))
    _add_zeros(digest.update, size - at, moved)
    os.ftruncate(target, size)
    return Copied(size, digest.hexdigest(), unread)


def checksum(source: int, moved: Callable[[int], None]) -> str:
    """Of what is read back from disk, where the page cache can be dropped."""
    with contextlib.suppress(OSError):
        os.posix_fadvise(source, 0, 0, os.POSIX_FADV_DONTNEED)
    digest, at = hashlib.sha256(), 0
    while piece := os.pread(source, _PIECE, at):
        digest.update(piece)
        at += len(piece)
        moved(len(piece))
    return digest.hexdigest()


def _reflinked(source: int, target: int) -> bool:
    try:
        kernel.reflink(source, target)
    except OSError:
        return False
    return True


def _extents(source: int, size: int) -> Iterator[tuple[int, int]]:
    """Where data is (lseek(2), SEEK_DATA); all of it where the file system does not tell."""
    at = 0
    while at < size:
        try:
            begin = os.lseek(source, at, os.SEEK_DATA)
            end = os.lseek(source, begin, os.SEEK_HOLE)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole up to the end
                return
            begin, end = at, size
        yield begin, min(end, size)
        at = end


def _piece(source: int, at: int, length: int) -> tuple[bytes, int]:
    """What is there, and how many bytes of it had to be given up."""
    try:
        return os.pread(source, length, at), 0
    except OSError as error:
        if error.errno not in _UNREADABLE:
            raise
    length = min(length, _PAGE - at % _PAGE)
    try:
        return os.pread(source, length, at), 0
    except OSError:
        return bytes(length), length


def _write(target: int, piece: bytes, at: int) -> None:
    view = memoryview(piece)
    while view:
        written = os.pwrite(target, view, at)
        view, at = view[written:], at + written


def _add_zeros(update: Callable[[bytes], None], length: int, moved: Callable[[int], None]) -> None:
    while length > 0:
        update(_ZEROS[:length])
        moved(min(length, _PIECE))
        length -= _PIECE
