"""Arrays and their member devices, in mdadm's words: Linux software RAID, and what LVM, ZFS and btrfs have like it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from guardsh.model.observed import Observed
from guardsh.model.redundancy import Layout


class Health(Enum):
    """The gravest thing that is true of an array, as shown; the figures beside it tell the rest.

    Recovering: every lost member is being rebuilt at this moment. Degraded: one is not. Reshaping stays true after a
    reboot in the middle, when nothing moves. Failed: no copy, or too little parity, is left of some data.
    """

    CLEAN = "clean"
    CHECKING = "checking"
    RESYNCING = "resyncing"
    RECOVERING = "recovering"
    RESHAPING = "reshaping"
    DEGRADED = "degraded"
    INACTIVE = "inactive"
    FAILED = "failed"
    UNKNOWN = "unknown"  # it is there, and its tool does not tell


@dataclass(frozen=True, slots=True)
class Member:
    """A member device. ``slot`` is its position in the array, None for a spare or where it has none."""

    device: str  # kernel name: sda1, nvme0n1p2; "" where the slot is empty
    slot: int | None
    state: str  # in_sync, faulty, spare, rebuilding, journal, missing, vanished


@dataclass(frozen=True, slots=True)
class Progress:
    """A resync, recovery, check or reshape under way; sectors of 512 bytes, both 0 where the kernel tells none."""

    done: int
    total: int
    kib_per_second: int | None
    held: str = ""  # "pending", "delayed", "remote", "frozen", "interrupted" where it does not move
    action: str = ""  # resync, recovery, check, repair, reshape

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the present speed; None where that is not known or nothing moves."""
        if self.held or not self.kib_per_second:
            return None
        return max(0, self.total - self.done) / 2 / self.kib_per_second


@dataclass(frozen=True, slots=True)
class Array:
    """One array. ``expected`` members by its raid_disks, ``working`` of them in sync.

    Of LVM it is a RAID volume, of ZFS a pool, of btrfs a file system over several devices (``metadata`` tells).
    """

    name: str  # md0
    level: str  # raid10; "" where inactive and not told
    health: Health
    expected: int | None
    working: int
    members: tuple[Member, ...]
    progress: Progress | None
    read_only: str  # "", "read-only", "auto-read-only"
    source: str
    doubts: tuple[str, ...] = ()  # sentences: what could not be read, or contradicts itself
    previous: int | None = None  # raid_disks before a reshape that has not ended
    layout: Layout | None = None  # None where it is not assembled
    lone: tuple[str, ...] = ()  # members whose loss, next, would lose data
    bitmap: bool | None = None  # a write-intent bitmap; None where that is not told
    metadata: str = ""  # of md 1.2, 0.90, external:imsm; or lvm, zfs, btrfs
    uuid: str = ""  # 32 hexadecimal digits, where the kernel tells it

    @property
    def missing(self) -> int:
        return max(0, (self.expected or 0) - self.working)


Arrays = Observed[tuple[Array, ...]]


def summary(array: Array) -> str:
    """One line for a screen: ``md0 raid10 7 of 8 in sync, degraded``."""
    name = f"{array.name} {array.level}".rstrip()
    if array.health is Health.UNKNOWN:
        return f"{name}, state not known"
    if array.health is Health.INACTIVE:
        return f"{name} inactive, {_count(len(array.members), 'member device')}"
    parts = [*_members(array), *_sync(array), *([array.read_only] if array.read_only else [])]
    return f"{name} {', '.join(parts)}{_growth(array)}"


def danger(array: Array) -> str:
    """What the next loss would mean: ``the loss of sda1 or sdd1 too would lose data``; "" where one can be spared."""
    if not array.lone:
        return ""
    *others, last = array.lone
    if len(array.lone) == array.working > 2:
        return "the loss of any other member would lose data"
    return f"the loss of {f'{chr(44)} '.join(others) + ' or ' if others else ''}{last} too would lose data"


def _members(array: Array) -> list[str]:
    lost = "failed" if array.health is Health.FAILED else "degraded" if array.missing else ""
    if array.health is Health.RESHAPING and not lost:
        return []
    return [f"{array.working} of {array.expected} in sync", *([lost] if lost else [])]


def _sync(array: Array) -> list[str]:
    progress = array.progress
    if progress is None:
        return []
    percent = f" {int(progress.fraction * 100)} %" if progress.total else ""
    left = progress.seconds_left
    return [
        f"{progress.action}{percent}{' ' + progress.held if progress.held else ''}",
        *([f"{_duration(left)} left"] if left is not None else []),
    ]


def _growth(array: Array) -> str:
    if array.previous is None:
        return ""
    return f" ({_count(array.expected or 0, 'member')}, was {array.previous})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _duration(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
