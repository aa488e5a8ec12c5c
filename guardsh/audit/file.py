"""Append a line to a file for good, and never through something that others have put in its place."""

from __future__ import annotations

import errno
import os
import stat

_MODE = 0o640
_DIRECTORY_MODE = 0o750


def append(path: str, line: bytes) -> None:
    """Append ``line`` and bring it to disk (fsync) before returning; OSError where that is not possible.

    Missing directories are made, 0750. A line cut short before, by a full disk or a kill, is ended first, so that it
    cannot spoil this one. One write with O_APPEND is one piece to other writers on a local file system: the kernel
    holds the inode's lock for it (write(2), "Atomicity").
    """
    directory, name = os.path.split(path)
    if not os.path.isabs(path) or not name:
        raise OSError(errno.EINVAL, "not an absolute path")
    _make(directory)
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _append_in(opened, name, line)
    finally:
        os.close(opened)


def _make(directory: str) -> None:
    if os.path.lexists(directory):
        return
    _make(os.path.dirname(directory))
    try:
        os.mkdir(directory, _DIRECTORY_MODE)
    except FileExistsError:
        return


def _append_in(directory: int, name: str, line: bytes) -> None:
    # O_RDWR: to read the last byte, and because opening a planted FIFO must not wait.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
    file = os.open(name, flags, _MODE, dir_fd=directory)
    try:
        seen = os.fstat(file)
        _check(os.fstat(directory), seen)
        if seen.st_size == 0:
            os.fchmod(file, _MODE)  # whatever the operator's umask is
            os.fsync(directory)
        _write(file, _ending(file, seen.st_size) + line)
        os.fsync(file)
    finally:
        os.close(file)


def _check(directory: os.stat_result, file: os.stat_result) -> None:
    """Where others can put names into the directory, the file must be our own and have no other name."""
    if not stat.S_ISREG(file.st_mode):
        raise OSError(errno.EPERM, "not a regular file")
    shared = directory.st_mode & stat.S_IWOTH or directory.st_uid not in (0, os.geteuid())
    if shared and (file.st_uid != os.geteuid() or file.st_nlink != 1):
        raise OSError(errno.EPERM, "others can write its directory, and may have put it there")


def _ending(file: int, size: int) -> bytes:
    return b"\n" if size and os.pread(file, 1, size - 1) != b"\n" else b""


def _write(file: int, data: bytes) -> None:
    """A full disk takes what it can and says so only at the next write."""
    while data:
        data = data[os.write(file, data) :]
