"""Whether an md array still has all its data without some of its members, too."""

from __future__ import annotations

from guardsh.model.storage import Array, Health

# Members that a level can do without, as a function of how many there are (md(4)).
_PARITY = {"raid4": 1, "raid5": 1, "raid6": 2}


def survives(array: Array, layout: str, lost: frozenset[str]) -> bool:
    """``lost`` are kernel names of members; ``layout`` is the array's md/layout, which says where copies lie.

    An array that is not active, or has failed, can spare nothing: every member may be what its data is rescued from.
    """
    if array.expected is None or array.health in (Health.FAILED, Health.INACTIVE):
        return False
    named = {member.slot: member.device for member in array.members if member.slot is not None}
    good = {member.slot for member in array.members if member.state == "in_sync" and member.slot is not None}
    left = frozenset(slot for slot in good if named[slot] not in lost)
    return all(
        _enough(array.level, disks, left, layout) for disks in {array.expected, array.previous or array.expected}
    )


def _enough(level: str, disks: int, left: frozenset[int], layout: str) -> bool:
    if level == "raid10":
        return _enough_copies(disks, left, layout)
    if level == "raid1":
        return bool(left)
    return disks - len(left) <= _PARITY.get(level, 0)


def _enough_copies(disks: int, left: frozenset[int], layout: str) -> bool:
    """``_enough`` of drivers/md/raid10.c: in every set of neighbours that holds one chunk, one is left.

    The layout has the near copies in its lowest byte and the far ones in the next (setup_geo); with a number of disks
    that these do not divide, every member begins such a set. What cannot be read counts as one copy.
    """
    first = layout.partition(" ")[0]
    number = int(first) if first.isdecimal() else 0x101
    near, far = max(1, number & 0xFF), max(1, number >> 8 & 0xFF)
    starts = range(0, disks, near) if disks % near == 0 else range(disks)
    return all(any((start + copy) % disks in left for copy in range(near * far)) for start in starts)
