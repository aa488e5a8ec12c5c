"""The md superblock on a member device, read as mdadm --examine does: past the page cache, which may be older.

Layouts: include/uapi/linux/raid/md_p.h, Linux 6.1.
"""

from __future__ import annotations

import errno
import mmap
import os
import struct
from dataclasses import dataclass

_MAGIC = 0xA92B4EFC
_BLOCK = 4096
_RESERVED = 65536  # of 0.90: at the end, aligned to this
_NEW_OFFSET = 64  # MD_FEATURE_NEW_OFFSET: a reshape writes where it does not read
_RESHAPE = 4  # MD_FEATURE_RESHAPE_ACTIVE
_UNREADABLE = (errno.EIO, errno.ENXIO, errno.ENODEV, errno.ENODATA, errno.EREMOTEIO)
VERSIONS = ("0.90", "1.0", "1.1", "1.2")


@dataclass(frozen=True, slots=True)
class Reshape:
    """One that has not ended: ``position`` in sectors of the array, ``chunk`` the larger of both, in sectors.
    ``in_place``: it writes over what it reads, and so needs a backup file in its critical section."""

    position: int
    delta: int  # disks
    disks: int  # afterwards
    chunk: int
    in_place: bool


@dataclass(frozen=True, slots=True)
class Superblock:
    """``uuid`` are 32 hexadecimal digits, ``events`` counts the changes of the array that this member has seen."""

    uuid: str
    events: int
    reshape: Reshape | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """There is none, or the disk does not give it; ``why`` as in ``ubda has no superblock``."""

    why: str


def read(path: str, version: str) -> Superblock | Missing:
    """The superblock of ``version`` (metadata_version in /sys) on the device. OSError where we may not look."""
    try:
        block = _block(path, version)
    except OSError as error:
        if error.errno not in _UNREADABLE:
            raise
        return Missing(f"could not be read: {os.strerror(error.errno or 0).lower()}")
    found = _parse_old(block) if version == "0.90" else parse(block)
    return found or Missing("is not there")


def parse(block: bytes) -> Superblock | None:
    """A superblock of version 1.x; None where this is none, or damaged."""
    magic, major, features = struct.unpack_from("<III", block)
    roles = struct.unpack_from("<I", block, 220)[0]
    if magic != _MAGIC or major != 1 or 256 + 2 * roles > len(block):
        return None
    if _checksum(block[: 256 + 2 * roles]) != struct.unpack_from("<I", block, 216)[0]:
        return None
    events = struct.unpack_from("<Q", block, 200)[0]
    return Superblock(block[16:32].hex(), events, _reshape(block, features) if features & _RESHAPE else None)


def _reshape(block: bytes, features: int) -> Reshape:
    chunk, disks = struct.unpack_from("<II", block, 88)
    position, delta, _, new_chunk, offset = struct.unpack_from("<QiIIi", block, 104)
    in_place = not (features & _NEW_OFFSET and offset)
    return Reshape(position, delta, disks, max(chunk, new_chunk), in_place)


def _checksum(block: bytes) -> int:
    """calc_sb_1_csum of drivers/md/md.c, of a superblock with its own checksum taken as zero."""
    blank = block[:216] + bytes(4) + block[220:]
    total: int = sum(struct.unpack(f"<{len(blank) // 4}I", blank[: len(blank) // 4 * 4]))
    if len(blank) % 4:
        total += struct.unpack_from("<H", blank, len(blank) - 2)[0]
    return ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF


def _parse_old(block: bytes) -> Superblock | None:
    """Version 0.90, of a little-endian machine: words, the first of the UUID apart from the others."""
    words = struct.unpack_from("<64I", block)
    if words[0] != _MAGIC or words[1] != 0:
        return None
    uuid = "".join(f"{word:08x}" for word in (words[5], *words[13:16]))
    return Superblock(uuid, words[39] | words[40] << 32)


def _block(path: str, version: str) -> bytes:
    descriptor = _open(path)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        offset = {
            "0.90": size // _RESERVED * _RESERVED - _RESERVED,
            "1.0": (size - 8192) // _BLOCK * _BLOCK,  # super_1_load, md.c
            "1.1": 0,
        }.get(version, 4096)
        with mmap.mmap(-1, _BLOCK) as page:  # aligned, as O_DIRECT wants it
            got = os.preadv(descriptor, [page], max(0, offset))
            return page[:got].ljust(_BLOCK, b"\0")
    finally:
        os.close(descriptor)


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system without O_DIRECT
            raise
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
