"""Backups and archived WAL: what of them lies where on this node."""

from __future__ import annotations

from dataclasses import dataclass

from guardsh.model.stack import Loss, Stack


@dataclass(frozen=True, slots=True)
class Backup:
    """A place that holds some. ``how`` and ``loss`` as of a touch, where a command would take it along."""

    path: str
    what: str  # as in "backups of pgBackRest"
    source: str
    how: str = ""
    loss: Loss | None = None
    stack: Stack | None = None  # what it stands on; None: not asked for
