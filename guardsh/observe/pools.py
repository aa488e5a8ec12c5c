"""What keeps data on several devices beside md: LVM's RAID volumes, ZFS pools, btrfs file systems; as arrays."""

from __future__ import annotations

from guardsh.model.storage import Array
from guardsh.observe import btrfs_arrays, raid_volumes, zpools
from guardsh.system.apart import Deadline

_SECONDS = 0.7  # for the tools of LVM and ZFS; only asked where there is something of theirs


def arrays(root: str = "/") -> tuple[Array, ...]:
    """All of them. What its tool does not tell in time is of unknown health, with a doubt."""
    deadline = Deadline(_SECONDS)
    return (*raid_volumes.arrays(deadline, root), *zpools.arrays(deadline, root), *btrfs_arrays.arrays(root))
