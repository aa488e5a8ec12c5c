"""fanotify(7): which names come, go and move in directories, and which process did it (Linux 5.9, CAP_SYS_ADMIN).

Events of one queue are in order, and those of two processes are never merged (fanotify_should_merge, fs/notify).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

from guardsh.system.kernel import checked, libc

# <linux/fanotify.h>
_CLOEXEC, _NONBLOCK, _UNLIMITED_QUEUE, _UNLIMITED_MARKS = 0x1, 0x2, 0x10, 0x20
_REPORT_DFID_NAME = 0x400 | 0x800
_MARK_ADD, _MARK_ONLYDIR = 0x1, 0x8
OPEN, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x20, 0x40, 0x80, 0x100, 0x200
OVERFLOW = 0x4000
ON_DIRECTORY = 0x40000000
_WANTED = MOVED_FROM | MOVED_TO | CREATE | DELETE | ON_DIRECTORY
_DFID_NAME = 2  # kind of the record that has a directory's handle and a name in it

_METADATA = struct.Struct("=IBBHQii")  # event_len, vers, reserved, metadata_len, mask, fd, pid
_HEADER = struct.Struct("=BBH")  # info_type, pad, len
_HANDLE = struct.Struct("=8xIi")  # fsid, handle_bytes, handle_type
_MOST = 1 << 18  # bytes of events that are read at once
_LONGEST_HANDLE = 128  # MAX_HANDLE_SZ
_LONGEST_EVENT = 1024  # bytes: its head, a handle and a name


@dataclass(frozen=True, slots=True)
class Happened:
    """One event: ``directory`` is the handle of the directory, ``pid`` the process that caused it."""

    mask: int
    pid: int
    directory: bytes
    name: str

    @property
    def is_removal(self) -> bool:
        return bool(self.mask & (DELETE | MOVED_FROM))

    @property
    def is_arrival(self) -> bool:
        return bool(self.mask & (CREATE | MOVED_TO))

    @property
    def is_opening(self) -> bool:
        return bool(self.mask & OPEN)

    @property
    def of_directory(self) -> bool:
        return bool(self.mask & ON_DIRECTORY)


class Fanotify:
    """A queue of events. Raises OSError where the kernel, or the account, cannot have one."""

    def __init__(self) -> None:
        flags = _CLOEXEC | _NONBLOCK | _UNLIMITED_QUEUE | _UNLIMITED_MARKS | _REPORT_DFID_NAME
        self.drained_at = 0.0  # on the monotonic clock: until then everything was read
        self._descriptor = checked(libc().fanotify_init(flags, os.O_RDONLY), "fanotify_init")

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        os.close(self._descriptor)

    def follow(self, directory: int) -> bytes:
        """From now on tell of this directory, an open descriptor; the handle by which it is called in events."""
        flags, path = _MARK_ADD | _MARK_ONLYDIR, None
        checked(libc().fanotify_mark(self._descriptor, flags, ctypes.c_uint64(_WANTED), directory, path))
        return handle(directory)

    def heed(self, file: int) -> None:
        """From now on tell who opens this file, an open descriptor of it."""
        checked(libc().fanotify_mark(self._descriptor, _MARK_ADD, ctypes.c_uint64(OPEN), file, None))

    def read(self) -> Iterator[Happened]:
        """What has happened since, up to a limit; where some of it was lost, an event with ``OVERFLOW``."""
        data, now = b"", time.monotonic()
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._descriptor, _MOST)
        if len(data) < _MOST - _LONGEST_EVENT:  # there was room for another
            self.drained_at = now
        position = 0
        while position < len(data):
            length, _, _, header, mask, _, pid = _METADATA.unpack_from(data, position)
            directory, name = _named(data[position + header : position + length])
            yield Happened(mask, pid, directory, name)
            position += length


def handle(directory: int) -> bytes:
    """name_to_handle_at(2) of an open directory: its type and bytes."""
    room = ctypes.create_string_buffer(struct.pack("=Ii", _LONGEST_HANDLE, 0), 8 + _LONGEST_HANDLE)
    mount = ctypes.c_int()
    checked(libc().name_to_handle_at(directory, b"", room, ctypes.byref(mount), 0x1000))  # AT_EMPTY_PATH
    size, kind = struct.unpack_from("=Ii", room.raw)
    return struct.pack("=i", kind) + room.raw[8 : 8 + size]


def _named(records: bytes) -> tuple[bytes, str]:
    while records:
        kind, _, length = _HEADER.unpack_from(records)
        if kind == _DFID_NAME:
            size, of_type = _HANDLE.unpack_from(records, _HEADER.size)
            start = _HEADER.size + _HANDLE.size
            name = records[start + size : length].split(b"\0", 1)[0]
            return struct.pack("=i", of_type) + records[start : start + size], os.fsdecode(name)
        records = records[length:] if length else b""
    return b"", ""
