"""What keeps data on several devices beside md: LVM's RAID volumes, ZFS pools, btrfs file systems; as arrays."""

from __future__ import annotations

from guardsh.model.storage import Array
from guardsh.observe import btrfs_arrays, raid_volumes, zpools
from guardsh.system.apart import Deadline


def arrays(deadline: Deadline, root: str = "/") -> tuple[Array, ...]:
    """All of them. What its tool does not tell in time is of unknown health, with a doubt.

    The tools of LVM and ZFS are only asked where there is something of theirs.
    """
    return (*raid_volumes.arrays(deadline, root), *zpools.arrays(deadline, root), *btrfs_arrays.arrays(root))
