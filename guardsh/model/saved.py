"""What was kept of something that is no longer in its place, and can be put back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# What was moved aside lies in STORE/ID/FILES. The name of FILES begins as a tablespace's directory does, so that the
# fast path and the shims, which know that, pass nothing of it unasked.
STORE = ".guardsh-moved"
FILES = "PG_files"


class Way(Enum):
    """How it was kept."""

    MOVED = "moved"  # renamed within its file system
    SNAPSHOT = "snapshot"  # of its subvolume, dataset or thin volume
    COPY = "copy"  # of single files, sharing their blocks (reflink)
    INSURED = "insured"  # by second names of its files


@dataclass(frozen=True, slots=True)
class Saved:
    """One thing that `guardsh moved` lists, `guardsh undo` puts back and `guardsh moved purge` deletes for good.

    ``id`` sorts by age and is unique on the node: ``20261130-235900-4f1c``. ``origins`` are the paths as they were,
    ``place`` is where it lies now. ``what`` is a phrase for people ("data directory of the primary, PostgreSQL 15");
    the fields behind it are None where that was not known. ``command`` is what was typed, redacted.
    """

    id: str
    way: Way
    when: float  # seconds since the epoch
    origins: tuple[str, ...]
    place: str
    what: str
    command: tuple[str, ...] = ()
    operator: str = ""  # login name, or uid
    role: str | None = None
    version: str | None = None  # PG_VERSION
    system_identifier: int | None = None
    timeline: int | None = None
    notes: tuple[str, ...] = ()  # sentences: what it does not hold, what stands in the way of putting it back
