"""The kernel's news of directories and files, inotify(7), through the C library: Python has no binding of its own."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator

# <sys/inotify.h>
MODIFY = 0x2
MOVED = 0xC0
CREATE = 0x100
DELETE = 0x200
GONE = 0x400 | 0x800  # the watched file itself was deleted, or moved
_IGNORED = 0x8000
_NONBLOCK, _CLOSE_ON_EXEC = os.O_NONBLOCK, os.O_CLOEXEC

_EVENT = struct.Struct("iIII")


class Inotify:
    """One queue of news; a descriptor for poll. Raises OSError where the account has used up its queues (EMFILE)."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._descriptor = _checked(self._library.inotify_init1(_NONBLOCK | _CLOSE_ON_EXEC))

    def fileno(self) -> int:
        return self._descriptor

    def watch(self, path: str, mask: int) -> None:
        """Tell of ``mask`` at ``path`` from now on; once more changes nothing. Raises OSError."""
        _checked(self._library.inotify_add_watch(self._descriptor, os.fsencode(path), mask))

    def news(self) -> tuple[str, ...]:
        """The names that were told of since the last time; "" for a watched file itself, or where news were lost."""
        try:
            data = os.read(self._descriptor, 1 << 16)
        except BlockingIOError:
            return ()
        return tuple(_names(data))


def _names(data: bytes) -> Iterator[str]:
    position = 0
    while position < len(data):
        _, mask, _, length = _EVENT.unpack_from(data, position)
        position += _EVENT.size
        name = data[position : position + length].rstrip(b"\0")
        position += length
        if not mask & _IGNORED:
            yield os.fsdecode(name)


def _checked(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer
