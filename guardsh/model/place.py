"""Where something lies on disk, by path and by identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Identity(NamedTuple):
    """``(st_dev, st_ino)``: the same for every path, bind mount or ``/proc/PID/cwd`` that leads to one file."""

    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class Place:
    """A resolved path and the identity of what is there; ``identity`` is None where nothing can be seen."""

    path: str
    identity: Identity | None
