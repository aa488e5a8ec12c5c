"""A file system opened by its device without being mounted anywhere: reached by a descriptor, gone with it."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# The same numbers on every architecture (Linux 5.2); <linux/mount.h>
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_CLOEXEC = 1
_SET_FLAG, _SET_STRING, _CREATE = 0, 1, 6
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NOSUID, _NODEV, _NOEXEC = 2, 4, 8


@contextmanager
def opened(kind: str, source: str, options: Mapping[str, str | None]) -> Iterator[int]:
    """A descriptor of the root directory of the file system of this ``kind`` on the device ``source``, for the ``with``
    block; an option without a value is None.

    No path leads there, so that no other account can. A file system that is mounted already is the same one, with its
    own settings (read-only is asked for each time). Raises OSError with the device; EPERM where we are not root.
    """
    context = _call(source, _FSOPEN, kind.encode(), _CLOEXEC)
    try:
        for key, value in {"source": source, **options}.items():
            how, text = (_SET_FLAG, None) if value is None else (_SET_STRING, os.fsencode(value))
            _call(source, _FSCONFIG, context, how, key.encode(), text, 0)
        _call(source, _FSCONFIG, context, _CREATE, None, None, 0)
        mount = _call(source, _FSMOUNT, context, _CLOEXEC, _NOSUID | _NODEV | _NOEXEC)
    finally:
        os.close(context)
    with closing(mount), closing(os.open(".", _DIRECTORY, dir_fd=mount)) as root:
        yield root


@contextmanager
def directory(path: str, within: int | None = None) -> Iterator[int]:
    """A descriptor of a directory for the ``with`` block, relative to an open one where that is given.

    Nothing on the way may be a symbolic link (NotADirectoryError): ``path`` is a resolved one, and whoever may write
    to a directory on the way could lead us elsewhere since.
    """
    with closing(_walked(path, within)) as reached:
        yield reached


def _walked(path: str, within: int | None) -> int:
    try:
        here = os.open("/" if path.startswith("/") else ".", _DIRECTORY, dir_fd=within)
        for name in filter(None, path.split("/")):
            with closing(here) as above:
                here = os.open(name, _DIRECTORY, dir_fd=above)
        return here
    except OSError as error:
        raise OSError(error.errno, os.strerror(error.errno or 0), path) from None


@contextmanager
def file(path: str, within: int | None = None) -> Iterator[int]:
    """A descriptor to read a file, in the same way; of a pipe, it does not wait for who writes to it."""
    above, name = os.path.split(path)
    with (
        directory(above or ".", within) as opened_one,
        closing(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=opened_one)) as found,
    ):
        yield found


def names(within: int) -> list[str]:
    """What an open directory holds now: opened anew, since btrfs does not list what came after a descriptor was made
    (fs/btrfs/inode.c, btrfs_opendir: last_index)."""
    with directory(".", within) as again:
        return os.listdir(again)


def own_directory(name: str, within: int) -> None:
    """Make a directory that only this account can enter, or make sure that the one that is there is such a one.

    Raises PermissionError where somebody else has put it there.
    """
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=within)
    with directory(name, within) as made:
        status = os.fstat(made)
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise PermissionError(1, "it belongs to another account, or is open to others", name)


@contextmanager
def closing(descriptor: int) -> Iterator[int]:
    """An open descriptor, closed after the ``with`` block."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _call(source: str, number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(libc.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), source)
    return result
