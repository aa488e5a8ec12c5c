"""Subvolumes of btrfs by number, whatever of the file system is mounted where (linux/btrfs.h, fs/btrfs/ioctl.c)."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from guardsh.system import detached

TOP = 5  # BTRFS_FS_TREE_OBJECTID: the subvolume that every file system has, and that holds all others

_WRITE, _READ = 1 << 30, 2 << 30
_FS_INFO = _READ | 1024 << 16 | 0x94 << 8 | 31
_INO_LOOKUP = _READ | _WRITE | 4096 << 16 | 0x94 << 8 | 18
_SUBVOL_INFO = _READ | 504 << 16 | 0x94 << 8 | 60
_SUBVOL_ROOTREF = _READ | _WRITE | 4096 << 16 | 0x94 << 8 | 61
_SNAP_CREATE = _WRITE | 4096 << 16 | 0x94 << 8 | 23
_SNAP_DESTROY = _WRITE | 4096 << 16 | 0x94 << 8 | 15
_READ_ONLY = 1 << 1
_REFERENCES = 255  # in one answer of _SUBVOL_ROOTREF; a count of one byte follows them


@dataclass(frozen=True, slots=True)
class Subvolume:
    """``system`` is the UUID of its file system, as /sys/fs/btrfs has it."""

    system: str
    number: int


def of(descriptor: int) -> tuple[Subvolume, str] | None:
    """The subvolume that an open directory lies in, and its path in there ("" for the root of it); None where this is
    no btrfs. Raises OSError; EPERM where we are not root."""
    try:
        system = _asked(descriptor, _FS_INFO, 1024)[16:32]
    except OSError as error:
        if error.errno in (errno.ENOTTY, errno.EINVAL, errno.EOPNOTSUPP):
            return None
        raise
    number, path = _path(descriptor, 0, os.fstat(descriptor).st_ino)
    return Subvolume(str(uuid.UUID(bytes=bytes(system))), number), path.rstrip("/")


def nested(descriptor: int, subvolume: Subvolume, inside: str) -> Iterator[tuple[Subvolume, str]]:
    """The subvolumes below ``inside`` of an open one, each with its path from its root directory; theirs follow."""
    for number, directory in _references(descriptor):
        child = Subvolume(subvolume.system, number)
        with opened(child) as root:
            path = _path(descriptor, subvolume.number, directory)[1] + _name(root)
            if f"{path}/".startswith(f"{inside}/" if inside else ""):
                yield child, path
                yield from ((deeper, f"{path}/{rest}") for deeper, rest in nested(root, child, ""))


def opened(subvolume: Subvolume) -> AbstractContextManager[int]:
    """A descriptor of its root directory, for a ``with`` block, without mounting it anywhere."""
    return detached.opened("btrfs", _device(subvolume.system), {"subvolid": str(subvolume.number)})


def snapshot(source: int, directory: int, name: str, *, read_only: bool) -> None:
    """A snapshot of the subvolume with the root ``source``, as ``name`` in an open directory of that file system."""
    packed = struct.pack("qQQ", source, 0, _READ_ONLY if read_only else 0)
    _told(directory, _SNAP_CREATE, packed + bytes(32) + os.fsencode(name))  # 32: btrfs_ioctl_vol_args_v2, unused


def destroy(directory: int, name: str) -> None:
    """Delete the subvolume ``name`` in an open directory, read-only or not, with all that it holds."""
    _told(directory, _SNAP_DESTROY, bytes(8) + os.fsencode(name))


def _references(descriptor: int) -> Iterator[tuple[int, int]]:
    """Number and parent directory's inode of each subvolume directly below: at most 255, more than anyone has below a
    data directory."""
    answer = _asked(descriptor, _SUBVOL_ROOTREF, 4096)
    for each in range(answer[8 + _REFERENCES * 16]):
        number, directory = struct.unpack_from("QQ", answer, 8 + 16 * each)
        yield number, directory


def _path(descriptor: int, number: int, inode: int) -> tuple[int, str]:
    """Of a directory's inode in a subvolume (0: that of the descriptor): the subvolume's number, and the path from its
    root with a slash behind each name."""
    answer = _asked(descriptor, _INO_LOOKUP, 4096, struct.pack("QQ", number, inode))
    return struct.unpack_from("Q", answer)[0], os.fsdecode(bytes(answer[16:]).split(b"\0")[0])


def _name(root: int) -> str:
    """struct btrfs_ioctl_get_subvol_info_args: treeid, then the name."""
    return os.fsdecode(bytes(_asked(root, _SUBVOL_INFO, 504)[8:264]).split(b"\0")[0])


def _device(system: str) -> str:
    """Any device of it: the others are known to the kernel, since it is mounted."""
    return f"/dev/{sorted(os.listdir(f'/sys/fs/btrfs/{system}/devices'))[0].replace('!', '/')}"


def _asked(descriptor: int, request: int, size: int, given: bytes = b"") -> bytearray:
    buffer = bytearray(given.ljust(size, b"\0"))
    fcntl.ioctl(descriptor, request, buffer, True)
    return buffer


def _told(descriptor: int, request: int, given: bytes) -> None:
    if len(given) >= 4096:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    _asked(descriptor, request, 4096, given)
