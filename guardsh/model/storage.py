"""Linux software RAID: arrays and their member devices, in mdadm's words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from guardsh.model.observed import Observed


class Health(Enum):
    """The gravest thing that is true of an array, as shown; the figures beside it tell the rest."""

    CLEAN = "clean"
    CHECKING = "checking"
    RESYNCING = "resyncing"
    RECOVERING = "recovering"
    RESHAPING = "reshaping"
    DEGRADED = "degraded"
    INACTIVE = "inactive"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Member:
    """A member device. ``slot`` is its position in the array, None for a spare or where it has none."""

    device: str  # kernel name: sda1, nvme0n1p2
    slot: int | None
    state: str  # in_sync, faulty, spare, rebuilding, missing, vanished


@dataclass(frozen=True, slots=True)
class Progress:
    """A resync, recovery, check or reshape under way; sectors of 512 bytes."""

    done: int
    total: int
    kib_per_second: int | None
    held: str = ""  # "pending", "delayed", "frozen" where it does not move

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Array:
    """One md array. ``expected`` members by its raid_disks, ``working`` of them in sync."""

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

    @property
    def missing(self) -> int:
        return max(0, (self.expected or 0) - self.working)


Arrays = Observed[tuple[Array, ...]]
