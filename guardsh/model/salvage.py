"""A file that is brought home after an accident, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from guardsh.model.place import Identity


class Rank(IntEnum):
    """In which order files are copied: what cannot be had anywhere else first."""

    WAL = 0  # segments that no archive has, and history files
    VITAL = 1  # pg_control, pg_xact and the like, configuration
    RELATION = 2
    REST = 3


class State(Enum):
    """What came of a copy."""

    COPIED = "copied"  # all of it, not yet read back
    WHOLE = "whole"  # all of it, and DEST gives back the same bytes
    CHANGING = "still changing"  # it was written to meanwhile
    TRUNCATED = "truncated"  # it ended before its size
    DAMAGED = "damaged"  # parts of it could not be read: they are holes
    LOST = "lost"  # it could not be opened, or not be written


@dataclass(frozen=True, slots=True)
class Source:
    """One file to copy: ``name`` is its place below DEST, ``path`` where it was, ``door`` opens it."""

    name: str
    path: str
    door: str
    deleted: bool
    rank: Rank
    identity: Identity
    size: int  # bytes
    allocated: int  # bytes on disk
    mtime_ns: int
    mode: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Copy:
    """What came of a source. ``sha256`` is of the whole file as it was read, holes as zeros."""

    source: Source
    state: State
    sha256: str = ""
    detail: str = ""

    @property
    def is_home(self) -> bool:
        return self.state in (State.COPIED, State.WHOLE)
