"""Whether an md array still has all its data without some of its members, too."""

from __future__ import annotations

from dataclasses import replace

from guardsh.model.storage import Array, Health


def survives(array: Array, lost: frozenset[str]) -> bool:
    """``lost`` are kernel names of members.

    An array that is not active, or has failed, can spare nothing: every member may be what its data is rescued from;
    nor can one spare its write journal, which has what is on no member yet (md(4), RAID WRITE JOURNAL).
    In a reshape a part of the data lies as before, and the other as after it.
    """
    if array.layout is None or array.health in (Health.FAILED, Health.INACTIVE):
        return False
    if any(member.state == "journal" and member.device in lost for member in array.members):
        return False
    members = (member for member in array.members if member.state == "in_sync" and member.device not in lost)
    left = [member.slot for member in members if member.slot is not None]
    shapes = (array.layout, replace(array.layout, disks=array.previous or array.layout.disks))
    return all(shape.has_data(left) for shape in shapes)
