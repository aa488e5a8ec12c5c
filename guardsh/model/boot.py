"""What a reboot would end, and what would not come back after it."""

from __future__ import annotations

from dataclasses import dataclass

from guardsh.model.observed import Observed


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an array would not assemble again; ``look`` is the command that shows it."""

    sentence: str
    look: str


@dataclass(frozen=True, slots=True)
class Assembly:
    """Whether one array would come up by itself. ``doubts`` are sentences on what could not be seen; ``remarks`` on
    what will be different, though it comes up."""

    array: str
    obstacles: tuple[Obstacle, ...] = ()
    doubts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A process that makes or restores a copy: ``name`` is what it does, such as ``wal-g backup-fetch``."""

    pid: int
    name: str


@dataclass(frozen=True, slots=True)
class Boot:
    """Seen before a reboot. ``by_hand`` are the mount points of instances' file systems that nothing mounts at boot."""

    assemblies: tuple[Assembly, ...]
    jobs: Observed[tuple[Job, ...]]
    by_hand: Observed[tuple[str, ...]]
