"""Mounts of our own mount namespace that keep hands off: directories read only, device nodes closed, doors others."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable

from guardsh.system import kernel, mount_table

_SHARED = ".shielded"  # screen(1) passes over such a name

# statvfs(3)'s flags of a mount, and mount(2)'s: what was refused before stays refused.
_FLAGS = {
    os.ST_RDONLY: kernel.MS_RDONLY,
    os.ST_NOSUID: kernel.MS_NOSUID,
    os.ST_NODEV: kernel.MS_NODEV,
    os.ST_NOEXEC: kernel.MS_NOEXEC,
    os.ST_NOATIME: 1 << 10,
    os.ST_NODIRATIME: 1 << 11,
    os.ST_RELATIME: 1 << 21,
}


def separate(*, account: bool) -> None:
    """A mount namespace of our own: what is mounted outside appears here too, never the other way round.

    With ``account``, which needs no privilege, in a user namespace of our own, too. Raises OSError.
    """
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWNS | (kernel.CLONE_NEWUSER if account else 0))
    if account:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{uid} {uid} 1")
        _write("/proc/self/gid_map", f"{gid} {gid} 1")
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_SLAVE)


def read_only(directory: str) -> None:
    """With whatever is mounted below. Nothing happens where it is so already. Raises OSError."""
    if _is(directory, os.ST_RDONLY):
        return
    kernel.mount(directory, directory, None, kernel.MS_BIND | kernel.MS_REC)
    for point in (directory, *_points_below(directory)):
        _restrict(point, kernel.MS_RDONLY)


def closed(node: str) -> None:
    """A device node stays where it is, and nobody opens it, root neither: a read-only mount would not keep anybody
    from writing to the device. Raises OSError."""
    if not _is(node, os.ST_NODEV):
        kernel.mount(node, node, None, kernel.MS_BIND)
        _restrict(node, kernel.MS_NODEV)


def of_its_own(directory: str) -> None:
    """Another directory of the same owner in its place, which all shields share; an empty one where there can be none.
    Raises OSError."""
    status = os.stat(directory)
    if directory in _points() or os.geteuid() not in (0, status.st_uid):  # what is another's is closed to us already
        return
    try:
        _bind(_within(directory, status), directory)
    except OSError:
        options = f"size=64k,mode={status.st_mode & 0o7777:o},uid={status.st_uid},gid={status.st_gid}"
        kernel.mount("none", directory, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)


def _within(directory: str, like: os.stat_result) -> int:
    """A descriptor of the directory in there that shields share. Its owner may have put something else in its place,
    such as a link to where nobody shall write: OSError."""
    path = os.path.join(directory, _SHARED)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, like.st_mode & 0o7777)
        os.chown(path, like.st_uid, like.st_gid, follow_symlinks=False)
    descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    if os.fstat(descriptor).st_dev != like.st_dev:
        os.close(descriptor)
        raise NotADirectoryError(errno.EXDEV, os.strerror(errno.EXDEV), path)
    return descriptor


def _bind(descriptor: int, directory: str) -> None:
    try:
        kernel.mount(f"/proc/self/fd/{descriptor}", directory, None, kernel.MS_BIND)
    finally:
        os.close(descriptor)


def _restrict(point: str, flag: int) -> None:
    now = os.statvfs(point).f_flag
    kept = sum(ours for theirs, ours in _FLAGS.items() if now & theirs)
    kernel.mount(None, point, None, kernel.MS_BIND | kernel.MS_REMOUNT | kept | flag)


def _is(path: str, flag: int) -> bool:
    """Whether it is a mount point that has the flag."""
    return bool(os.statvfs(path).f_flag & flag) and path in _points()


def _points_below(directory: str) -> Iterable[str]:
    return [point for point in _points() if point.startswith(directory.rstrip("/") + "/")]


def _points() -> list[str]:
    return [mount.point for mount in mount_table.mounts()]


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
