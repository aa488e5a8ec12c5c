"""This machine: its host name and what it carries."""

from __future__ import annotations

from dataclasses import dataclass

from guardsh.model.backup import Backup
from guardsh.model.boot import Boot
from guardsh.model.instance import Instance
from guardsh.model.observed import Observed
from guardsh.model.storage import Arrays


@dataclass(frozen=True, slots=True)
class Node:
    """Everything observed at one moment. ``host`` is the short host name, as the operator types it."""

    host: str
    instances: tuple[Instance, ...]
    arrays: Arrays
    seen: float  # seconds since the epoch
    boot: Boot | None = None  # looked at before a reboot, and for status
    backups: Observed[tuple[Backup, ...]] | None = None  # at the places that are configured; for status
