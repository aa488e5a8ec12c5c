"""What a path stands on: the layers from its file system down to the disks, as their tools call them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from guardsh.model.observed import Observed


class Kind(Enum):
    FILE_SYSTEM = "file system"
    POOL = "pool"  # of ZFS
    VOLUME = "volume"  # of LVM
    CRYPT = "crypt"
    MULTIPATH = "multipath"
    MAPPING = "mapping"  # any other of the device mapper
    ARRAY = "array"
    PARTITION = "partition"
    LOOP = "loop"
    MEMORY = "memory"  # tmpfs, zram: gone after a reboot
    REMOTE = "remote"  # NFS and others without a device here
    DISK = "disk"
    MISSING = "missing"  # a member that is not there


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, and what is directly beneath it. ``detail`` is what it is made of (``ext4``, ``raid10 3 of 4 in
    sync, degraded``), ``role`` its part in the layer above (``slot 3, in_sync``)."""

    kind: Kind
    name: str  # the mount point, vg0/data, md0, nvme0n1p2
    detail: str = ""
    role: str = ""
    number: str = ""  # major:minor; "" where it has none
    size: int | None = None  # bytes
    below: tuple[Layer, ...] = ()
    doubts: tuple[str, ...] = ()  # sentences: what of it could not be read


@dataclass(frozen=True, slots=True)
class Stack:
    """From ``path`` (a data directory, a pg_wal, a tablespace) down to the disks."""

    path: str
    top: Observed[Layer]


@dataclass(frozen=True, slots=True)
class Loss:
    """What a command on a member means to the array, or file system, that keeps its data more than once.

    ``survives``: every piece of data is left; only redundancy goes.
    """

    survives: bool
    sentence: str


def layers(top: Layer) -> Iterator[Layer]:
    """A layer and all beneath it, from above, each branch to its end."""
    yield top
    for one in top.below:
        yield from layers(one)
