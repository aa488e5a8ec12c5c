"""What a device holds, by the magic numbers at both of its ends: nothing, or a sentence that says what."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Bytes at both ends in which every superblock below has a copy, also those of a partition at the usual 1 MiB that has
# just been taken out of its table.
_END = 4 << 20
_MD = b"\xfc\x4e\x2b\xa9"  # MD_SB_MAGIC 0xa92b4efc, little-endian (include/uapi/linux/raid/md_p.h)
_UBERBLOCK = struct.pack("<Q", 0x00BAB10C)  # in each label from 128 kB on, at every 1 kB (OpenZFS, uberblock_impl.h)
_BCACHE = bytes.fromhex("c68573f64e1a45ca8265f57f48ba6d81")
_BCACHEFS = bytes.fromhex("c68573f666ce90a9d96a60cf803df7ef")
NEITHER = "it is neither mounted nor blank"

# Offset from the beginning, bytes, what that is: as libblkid of util-linux 2.38 has them (libblkid/src/superblocks).
_AT_START = (
    (0, b"LUKS\xba\xbe", "it is encrypted by LUKS and not opened"),
    (0x4000, b"SKUL\xba\xbe", "it is encrypted by LUKS, its first header is damaged, and it is not opened"),
    *((sector * 512, b"LABELONE", "it is a physical volume of LVM without active volumes") for sector in range(4)),
    (0, _MD, "it is a member of an md array that is not assembled"),
    (4096, _MD, "it is a member of an md array that is not assembled"),
    (4096 + 24, _BCACHE, "it is a device of bcache that is not attached"),
    (4096 + 24, _BCACHEFS, "it has a bcachefs that is not mounted"),
    (0x438, b"\x53\xef", "it has an ext2, ext3 or ext4 file system that is not mounted"),
    (0, b"XFSB", "it has an xfs file system that is not mounted"),
    (0x10040, b"_BHRfS_M", "it belongs to a btrfs file system that is not mounted"),
    (0x400, b"\x10\x20\xf5\xf2", "it has an f2fs file system that is not mounted"),
    (0, b"hsqs", "it has a squashfs that is not mounted"),
    (0, b"bluestore block device", "it belongs to Ceph"),
    (0x8001, b"CD001", "it has an ISO 9660 file system that is not mounted"),
    (3, b"NTFS    ", "it has an NTFS file system that is not mounted"),
    (3, b"EXFAT   ", "it has an exFAT file system that is not mounted"),
    (0x36, b"FAT1", "it has a FAT file system that is not mounted"),
    (0x52, b"FAT32", "it has a FAT file system that is not mounted"),
    *((page - 10, b"SWAPSPACE2", "it is swap that is not in use") for page in (4096, 65536)),
    *((sector, b"EFI PART", "it has a partition table (GPT)") for sector in (512, 4096)),
    (510, b"\x55\xaa", "it has a partition table or a boot sector"),  # last: FAT and NTFS end their first sector so
)


@dataclass(frozen=True, slots=True)
class Ends:
    """The first and the last bytes of a device (all of a small one in both), and its size in bytes."""

    first: bytes
    last: bytes
    size: int


def read(path: str) -> Ends:
    """Raises OSError where it cannot be read."""
    with open(path, "rb", buffering=0) as device:
        size = device.seek(0, os.SEEK_END)
        first, last = (os.pread(device.fileno(), _END, offset) for offset in (0, max(0, size - _END)))
        return Ends(first, last, size)


def content(path: str) -> str:
    """A sentence that says what a device holds as far as its ends tell; "" where they have nothing but zeros.

    A device without size is no blank one: a stopped array, a drive without a medium. Raises OSError.
    """
    ends = read(path)
    if not ends.size:
        return "it has no size: it is stopped, or empty of a medium"
    if not any(ends.first) and not any(ends.last):
        return ""
    if _is_empty_table(ends):
        return ""
    return next(_told(ends), NEITHER)


def _is_empty_table(ends: Ends) -> bool:
    """Whether there is a partition table, without partitions, and nothing else: of a disk that is being set up."""
    boot = ends.first[:512]
    block = next((block for block in (512, 4096) if ends.first.startswith(b"EFI PART", block)), 0)
    if boot[510:] != b"\x55\xaa" or (not block and any(boot[446:510])):
        return False
    headers = (0, block, ends.size - block) if block else (0,)
    return _is_blank_but(headers, ends.first, 0) and _is_blank_but(headers, ends.last, ends.size - len(ends.last))


def _is_blank_but(sectors: Iterable[int], data: bytes, begin: int) -> bool:
    """Whether ``data``, which begins at this byte of the device, is zero outside of these sectors (512 bytes each)."""
    masked = bytearray(data)
    for sector in sectors:
        if begin <= sector < begin + len(data):
            masked[sector - begin : sector - begin + 512] = bytes(512)
    return not any(masked)


def _told(ends: Ends) -> Iterator[str]:
    yield from (told for offset, magic, told in _AT_START if ends.first.startswith(magic, offset))
    if _is_md_at_end(ends):
        yield "it is a member of an md array that is not assembled"
    if any(ends.first.startswith(_UBERBLOCK, at) for at in range(128 << 10, 256 << 10, 1024)):
        yield "it belongs to a ZFS pool"
    if ends.last[-512:].startswith(b"EFI PART"):
        yield "it has a partition table (GPT) at its end"
    if ends.last[-512:].startswith(b"\xde\x11\xde\x11") or ends.last[-1024:].startswith(b"Intel Raid ISM"):
        yield "it is a member of a RAID of the mainboard that is not assembled"


def _is_md_at_end(ends: Ends) -> bool:
    """Superblock 1.0 lies 8 to 12 kB before the end, on 4 kB (super_1_load of drivers/md/md.c); 0.90 64 to 128 kB
    before it, on 64 kB (MD_NEW_SIZE_SECTORS)."""
    sectors = ends.size // 512
    places = (((sectors - 16) & ~7) * 512, ((sectors & ~127) - 128) * 512)
    begin = ends.size - len(ends.last)
    return any(place >= begin and ends.last.startswith(_MD, place - begin) for place in places)
