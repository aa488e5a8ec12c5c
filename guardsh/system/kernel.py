"""System calls of Linux that Python 3.11 has no function for, by name; errors are OSError with the path."""

from __future__ import annotations

import ctypes
import fcntl
import functools
import os
import signal
from typing import Any

# <sched.h>
CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
# <sys/mount.h>
MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 1 << 19
MS_RELATIME = 1 << 21
MNT_DETACH = 0x2
# <linux/fs.h>
RENAME_NOREPLACE = 0x1
RENAME_EXCHANGE = 0x2
FICLONE = 0x40049409
FIFREEZE = 0xC0045877
FITHAW = 0xC0045878
# <linux/mount.h>
OPEN_TREE_CLONE = 0x1
OPEN_TREE_CLOEXEC = os.O_CLOEXEC
# <fcntl.h>
AT_FDCWD = -100
_OPEN_TREE = 428  # the same number on every architecture (Linux 5.2)


@functools.cache
def libc() -> Any:
    """The C library; what it cannot do is told by ``checked``."""
    return ctypes.CDLL(None, use_errno=True)


def checked(result: int, *paths: str | None) -> int:
    """The result of a system call; OSError where it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        one, two, *_ = *paths, None, None
        raise OSError(number, os.strerror(number), one, None, two)
    return result


def _text(path: str | None) -> bytes | None:
    return None if path is None else os.fsencode(path)


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """mount(2)."""
    done = libc().mount(_text(source), _text(target), _text(kind), ctypes.c_ulong(flags), _text(options))
    checked(done, target)


def umount(target: str, flags: int = 0) -> None:
    """umount2(2)."""
    checked(libc().umount2(_text(target), flags), target)


def unshare(flags: int) -> None:
    """unshare(2)."""
    checked(libc().unshare(flags))


def setns(descriptor: int, flags: int) -> None:
    """setns(2)."""
    checked(libc().setns(descriptor, flags))


def rename(
    source: str, target: str, flags: int, *, source_directory: int = AT_FDCWD, target_directory: int = AT_FDCWD
) -> None:
    """renameat2(2): with RENAME_NOREPLACE it never replaces anything (FileExistsError)."""
    done = libc().renameat2(source_directory, _text(source), target_directory, _text(target), ctypes.c_uint(flags))
    checked(done, source, target)


def open_tree(path: str, flags: int = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, directory: int = AT_FDCWD) -> int:
    """open_tree(2), Linux 5.2: a descriptor of a private copy of the mount that ``path`` lies in, rooted at ``path``,
    without what is mounted below. It is gone with the descriptor."""
    return checked(libc().syscall(_OPEN_TREE, directory, _text(path), ctypes.c_uint(flags)), path)


def end_with_parent() -> None:
    """prctl(2), PR_SET_PDEATHSIG: this process gets SIGTERM when the thread that made it ends."""
    checked(libc().prctl(1, ctypes.c_ulong(signal.SIGTERM)))


def reflink(source: int, target: int) -> None:
    """ioctl_ficlone(2): the whole file ``source`` in ``target``, sharing its blocks; OSError where the file systems
    cannot do that (EOPNOTSUPP, EXDEV, EINVAL)."""
    fcntl.ioctl(target, FICLONE, source)


def syncfs(descriptor: int) -> None:
    """syncfs(2): everything written to its file system is on disk; OSError where something was not (Linux 5.8)."""
    checked(libc().syncfs(descriptor))


def freeze(descriptor: int) -> None:
    """ioctl_fifreeze(2): writes to the file system of this directory wait until ``thaw``. OSError: EBUSY where it is
    frozen, EOPNOTSUPP, EPERM."""
    fcntl.ioctl(descriptor, FIFREEZE, 0)


def thaw(descriptor: int) -> None:
    """ioctl_fithaw(2). OSError: EINVAL where it is not frozen."""
    fcntl.ioctl(descriptor, FITHAW, 0)
