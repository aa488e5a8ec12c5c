"""The scene of an accident, as it is found: who stands still, what is missing, what can be saved, what is known."""

from __future__ import annotations

from dataclasses import dataclass

from guardsh.operations.salvage.evidence import Evidence
from guardsh.operations.salvage.hold import Held
from guardsh.operations.salvage.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Scene:
    """``signs`` are sentences about what is missing; ``destination`` is DEST as an absolute path."""

    held: Held
    signs: tuple[str, ...]
    found: Inventory
    seen: Evidence
    destination: str
