"""LVM's RAID volumes as arrays, by what the device mapper says of them (dmsetup status --target raid)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from guardsh.model.observed import Unknown
from guardsh.model.redundancy import Layout
from guardsh.model.storage import Array, Health, Member, Progress
from guardsh.observe.volumes import ask
from guardsh.system import proc
from guardsh.system.apart import Deadline

# Documentation/admin-guide/device-mapper/dm-raid.rst, Linux 6.1: type, devices, their health, synced/total, action.
_STATUS = re.compile(r"(\S+): \d+ \d+ raid (raid\d+)\S* \d+ ([AaD-]+) (\d+)/(\d+) (\S+)")
_STATES = {"A": "in_sync", "a": "rebuilding", "D": "faulty", "-": "missing"}
_ACTIONS = {"recover": "recovery", "resync": "resync", "reshape": "reshape", "check": "check", "repair": "repair"}
_HEALTH = {"resync": Health.RESYNCING, "reshape": Health.RESHAPING, "check": Health.CHECKING, "repair": Health.CHECKING}
_PART = re.compile(r"_rmeta_\d+$")  # of a RAID volume: where it keeps its superblock
_ASK = ("dmsetup", "status", "--target", "raid")


def arrays(deadline: Deadline, root: str = "/") -> tuple[Array, ...]:
    """Every RAID volume that is active; one that is there and cannot be asked is of unknown health, and says so."""
    names = sorted({_PART.sub("", name) for name in _mappings(root) if _PART.search(name)})
    if not names:
        return ()
    said = ask(_ASK, deadline)
    if isinstance(said, Unknown):
        return tuple(_unseen(name, said.why) for name in names)
    return tuple(parse(said.value))


def parse(text: str) -> Iterator[Array]:
    """What dmsetup prints, one volume in a line."""
    for match in map(_STATUS.match, text.splitlines()):
        if match:
            yield _array(title(match[1]), match[2], match[3], _progress(match))


def title(mapping: str) -> str:
    """
    >>> title("vg--0-pg_data"), title("other")
    ('vg-0/pg_data', 'other')
    """
    return re.sub(r"(?<!-)-(?!-)", "/", mapping, count=1).replace("--", "-")


def _array(name: str, level: str, letters: str, progress: Progress | None) -> Array:
    members = tuple(Member(f"{name}_rimage_{slot}", slot, _STATES[letter]) for slot, letter in enumerate(letters))
    layout = Layout(level, len(letters), 2, 2) if level == "raid10" else Layout(level, len(letters))
    in_sync = [slot for slot, letter in enumerate(letters) if letter == "A"]
    return Array(
        name=name,
        level=level,
        health=_health(layout, in_sync, progress),
        expected=len(letters),
        working=len(in_sync),
        members=members,
        progress=progress,
        read_only="",
        source=" ".join(_ASK),
        layout=layout,
        lone=tuple(members[slot].device for slot in layout.lone(in_sync)),
        metadata="lvm",
    )


def _health(layout: Layout, in_sync: list[int], progress: Progress | None) -> Health:
    if progress and progress.action in _HEALTH and progress.action != "recovery":
        return _HEALTH[progress.action]  # all members of a volume that is synced for the first time are "a"
    if len(in_sync) == layout.disks:
        return Health.CLEAN
    if progress and progress.action == "recovery":
        return Health.RECOVERING
    return Health.DEGRADED if layout.has_data(in_sync) else Health.FAILED


def _progress(match: re.Match[str]) -> Progress | None:
    done, total, action = int(match[4]), int(match[5]), _ACTIONS.get(match[6])
    return Progress(done, total, None, "", action) if action else None


def _unseen(mapping: str, why: str) -> Array:
    name = title(mapping)
    doubt = f"what state it is in cannot be seen: {why}"
    return Array(name, "lvm raid", Health.UNKNOWN, None, 0, (), None, "", "/sys/block", (doubt,), metadata="lvm")


def _mappings(root: str) -> Iterator[str]:
    base = os.path.join(root, "sys/block")
    try:
        names = os.listdir(base)
    except OSError:
        return
    yield from (proc.read(f"{base}/{name}/dm/name").strip() for name in names if name.startswith("dm-"))
