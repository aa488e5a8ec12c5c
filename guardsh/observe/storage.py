"""The md arrays of this node, from /proc/mdstat and /sys/block/md*/md."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from guardsh.model.observed import Known, Unknown
from guardsh.model.redundancy import Layout
from guardsh.model.storage import Array, Arrays, Health, Member, Progress
from guardsh.observe import mdstat

# sync_action's words, and mdstat's for the same (Documentation/admin-guide/md.rst, Linux 6.1).
_ACTIONS = {"recover": "recovery", "resync": "resync", "reshape": "reshape", "check": "check", "repair": "repair"}
_HEALTH = {
    "resync": Health.RESYNCING,
    "reshape": Health.RESHAPING,
    "check": Health.CHECKING,
    "repair": Health.CHECKING,
}
_MOST_MEMBERS = 4096  # beyond what any superblock can name (1920, md_p.h)
_STATES = ("faulty", "in_sync", "journal")


def arrays(root: str = "/") -> Arrays:
    """Every md array below ``root``, which holds ``proc`` and ``sys``; none where the kernel has no md driver.

    Reads of /sys/block/md*/md may wait for the array's own lock: call it under a deadline (system/apart.py).
    """
    path = os.path.join(root, "proc/mdstat")
    try:
        entries = mdstat.parse(_read(path))
    except FileNotFoundError:
        return _without_mdstat(root)
    except OSError as error:
        return Unknown(f"could not read /proc/mdstat: {_reason(error)}")
    except ValueError as error:
        return Unknown(f"could not understand /proc/mdstat: {error}")
    found = tuple(_array(entry, root) for entry in entries if not entry.container)
    return Known(found, "/proc/mdstat and /sys/block" if found else "/proc/mdstat")


def _without_mdstat(root: str) -> Arrays:
    """A /proc that shows processes only (subset=pid, a container) has no mdstat either: ask /sys."""
    try:
        names = os.listdir(os.path.join(root, "sys/block"))
    except OSError as error:
        return Unknown(f"could not read /proc/mdstat: no such file; nor /sys/block: {_reason(error)}")
    hidden = sorted(name for name in names if os.path.isdir(os.path.join(root, "sys/block", name, "md")))
    if hidden:
        return Unknown(f"could not read /proc/mdstat: no such file, although /sys/block has {hidden[0]}")
    return Known((), "no /proc/mdstat and no md device in /sys/block: this kernel runs no md array")


class _Attributes:
    """The files of one array's md directory; what cannot be read goes to ``doubts``."""

    def __init__(self, root: str, name: str) -> None:
        self.shown = f"/sys/block/{name}/md"
        self.path = os.path.join(root, self.shown.lstrip("/"))
        self.doubts: list[str] = []
        if not os.path.isdir(self.path):
            self.doubts.append(f"could not read {self.shown}: known from /proc/mdstat alone")

    def text(self, name: str) -> str:
        """The content of one attribute; "" where this array has none (an inactive one lacks half of them)."""
        try:
            return _read(os.path.join(self.path, name)).strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            self.doubts.append(f"could not read {self.shown}/{name}: {_reason(error)}")
            return ""

    def numbers(self, name: str) -> list[int]:
        """Its numbers: ``6 (4)`` is raid_disks in a reshape from 4 to 6, ``21504 / 253952`` sync_completed."""
        return [int(number) for number in re.findall(r"(?<!\w)[0-9]{1,20}(?!\w)", self.text(name))]

    def dangling(self, name: str) -> bool:
        link = os.path.join(self.path, name)
        return os.path.islink(link) and not os.path.exists(link)


def _array(entry: mdstat.Entry, root: str) -> Array:
    attributes = _Attributes(root, entry.name)
    members = tuple(_member(device, flags, attributes) for device, flags in entry.members)
    array = Array(
        name=entry.name,
        level=entry.level,
        health=Health.INACTIVE,
        expected=None,
        working=0,
        members=members,
        progress=None,
        read_only=entry.read_only,
        source=f"/proc/mdstat and {attributes.shown}",
        metadata=attributes.text("metadata_version") or entry.metadata,
        uuid=attributes.text("uuid").replace("-", ""),
    )
    if entry.status != "inactive":
        array = _running(array, entry, attributes)
    gone = [f"{member.device} is gone from this machine" for member in members if member.state == "vanished"]
    return replace(array, doubts=(*entry.doubts, *attributes.doubts, *gone))


def _running(array: Array, entry: mdstat.Entry, attributes: _Attributes) -> Array:
    """The figures that only an assembled array has."""
    expected, previous = _raid_disks(entry, attributes.numbers("raid_disks"))
    in_sync = _in_sync(entry, expected, array.members)
    progress = _progress(entry, attributes, array.members, previous)
    broken = "broken" in (entry.status, attributes.text("array_state"))
    layouts = [_layout(entry, disks) for disks in dict.fromkeys((expected, previous or expected))]
    enough = all(layout.has_data(in_sync) for layout in layouts)
    missing = expected - len(in_sync)
    return replace(
        array,
        health=Health.FAILED if broken or not enough else _health(missing, array.members, in_sync, progress),
        expected=expected,
        previous=previous,
        working=len(in_sync),
        members=array.members + _empty_slots(expected, in_sync, array.members),
        progress=progress,
        layout=layouts[0],
        lone=_lone(layouts, in_sync, array.members),
        bitmap=_bitmap(attributes),
    )


def _layout(entry: mdstat.Entry, disks: int) -> Layout:
    return Layout(entry.level, disks, entry.near, entry.copies, entry.layout)


def _lone(layouts: list[Layout], in_sync: frozenset[int], members: tuple[Member, ...]) -> tuple[str, ...]:
    """In a reshape a part of the data lies as before, and the other as after it."""
    slots = sorted({slot for layout in layouts for slot in layout.lone(in_sync)})
    names = {member.slot: member.device for member in members}
    return tuple(names.get(slot) or f"member {slot}" for slot in slots)


def _bitmap(attributes: _Attributes) -> bool | None:
    location = attributes.text("bitmap/location")
    return location != "none" if location else None


def _raid_disks(entry: mdstat.Entry, disks: list[int]) -> tuple[int, int | None]:
    """Members now, and before a reshape that has not ended.

    raid0 and linear have no figure in mdstat, and cannot run with fewer members than they list.
    """
    plausible = [number for number in disks if 0 < number <= _MOST_MEMBERS]
    expected = entry.expected or (plausible[0] if plausible else len(entry.members))
    previous = plausible[1] if len(plausible) > 1 else expected
    return expected, previous if previous != expected else None


def _member(device: str, flags: str, attributes: _Attributes) -> Member:
    directory = "dev-" + device.replace("/", "!")
    states = attributes.text(f"{directory}/state").split(",")
    slots = attributes.numbers(f"{directory}/slot")
    slot = slots[0] if slots else None
    if attributes.dangling(f"{directory}/block"):
        return Member(device, slot, "vanished")
    if states == [""]:
        return Member(device, None, _state_by_flags(flags))
    state = next((state for state in _STATES if state in states), "spare" if slot is None else "rebuilding")
    return Member(device, slot, state)


def _state_by_flags(flags: str) -> str:
    """By mdstat's letters; it does not tell a member that is being rebuilt from one in sync."""
    return next(
        (state for letter, state in (("F", "faulty"), ("S", "spare"), ("J", "journal")) if letter in flags), "in_sync"
    )


def _in_sync(entry: mdstat.Entry, expected: int, members: tuple[Member, ...]) -> frozenset[int]:
    """Slots that mdstat shows as up and that /sys does not contradict.

    A drive pulled without any I/O since is still ``U`` and ``in_sync``: only its dangling link tells (Linux 6.1).
    """
    up = entry.in_sync if entry.in_sync is not None else frozenset(range(expected))
    named = {member.slot for member in members if member.slot is not None}
    good = {member.slot for member in members if member.state == "in_sync"}
    return frozenset(up - (named - good))


def _empty_slots(expected: int, in_sync: frozenset[int], members: tuple[Member, ...]) -> tuple[Member, ...]:
    taken = in_sync | {member.slot for member in members}
    return tuple(Member("", slot, "missing") for slot in range(expected) if slot not in taken)


def _progress(
    entry: mdstat.Entry, attributes: _Attributes, members: tuple[Member, ...], previous: int | None
) -> Progress | None:
    """What is under way, or ought to be.

    A reboot in the middle of a reshape leaves no trace in mdstat: reshape_position and raid_disks are the witnesses.
    """
    action = attributes.text("sync_action")
    shown = entry.progress
    if shown is not None and shown.held:
        shown = replace(shown, action=_ACTIONS.get(action, shown.action))
    reshape = previous is not None or attributes.text("reshape_position") not in ("", "none")
    if reshape and (shown is None or shown.action != "reshape"):
        return Progress(0, 0, None, _held_reshape(action), "reshape")
    return shown or _told_by_sys(action, attributes, members)


def _told_by_sys(action: str, attributes: _Attributes, members: tuple[Member, ...]) -> Progress | None:
    if action == "frozen" and any(member.state == "rebuilding" for member in members):
        return Progress(0, 0, None, "frozen", "recovery")
    if action not in _ACTIONS:
        return None
    done, total = (*attributes.numbers("sync_completed"), 0, 0)[:2]
    return Progress(done, total, None, "", _ACTIONS[action])


def _held_reshape(action: str) -> str:
    return {"reshape": "", "frozen": "frozen"}.get(action, "interrupted")


def _health(missing: int, members: tuple[Member, ...], in_sync: frozenset[int], progress: Progress | None) -> Health:
    """Of an array that runs and has all its data."""
    if not missing:
        return _HEALTH.get(progress.action, Health.CLEAN) if progress else Health.CLEAN
    rebuilding = {member.slot for member in members if member.state == "rebuilding"} - in_sync
    moving = progress is not None and progress.action == "recovery" and not progress.held
    return Health.RECOVERING if moving and len(rebuilding) == missing else Health.DEGRADED


def _read(path: str) -> str:
    with open(path, "rb") as file:
        return file.read().decode(errors="replace")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
