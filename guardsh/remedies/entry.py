"""One thing moved aside, as it is written down beside it: what was where, and how far the moving has come."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any

from guardsh.model.saved import Saved, Way
from guardsh.remedies.held import Held

JOURNAL = "entry.json"
_NEW = "entry.json.new"
_LONGEST = 1 << 24  # bytes of a journal that are read
_SCHEMA = 1
_UNREADABLE = f"not known: its {JOURNAL} cannot be read"


class Phase(Enum):
    """What a kill may have cut short."""

    MOVING = "moving"
    MOVED = "moved"
    RETURNING = "returning"
    PURGING = "purging"


@dataclass(frozen=True, slots=True)
class Item:
    """A name in the origin, and the inode that had it: by that it is found again, on whichever side it is. Not by the
    number of the device: after a reboot the same file system may have another."""

    name: str
    inode: int


@dataclass(frozen=True, slots=True)
class Entry:
    """``saved.origins`` has one path: the directory that the items lay in, ``origin``. With ``stand_in`` the one item
    is a directory whose place an empty one has taken."""

    phase: Phase
    saved: Saved
    origin: int  # its inode
    items: tuple[Item, ...]
    stand_in: bool = False

    def in_phase(self, phase: Phase, *notes: str) -> Entry:
        """In another phase, with more sentences to say of it."""
        every = tuple(dict.fromkeys((*self.saved.notes, *notes)))
        return replace(self, phase=phase, saved=replace(self.saved, notes=every))


def write(entry: Entry, place: Held) -> None:
    """Put it down for good: after a power cut it is there, this one or the one before. Raises OSError."""
    text = json.dumps({"schema": _SCHEMA, **asdict(entry), "phase": entry.phase.value, "saved": _saved(entry.saved)})
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(_NEW, flags, 0o600, dir_fd=place.descriptor)
    with os.fdopen(file, "w", encoding="utf-8", errors="surrogateescape") as writing:
        writing.write(text)
        writing.flush()
        os.fsync(file)
    os.rename(_NEW, JOURNAL, src_dir_fd=place.descriptor, dst_dir_fd=place.descriptor)
    place.sync()


def read(place: Held) -> Entry | None:
    """What was written down; None where nothing was, or what is there is no journal."""
    try:
        file = os.open(JOURNAL, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place.descriptor)
        with os.fdopen(file, encoding="utf-8", errors="surrogateescape") as reading:
            return _entry(json.loads(reading.read(_LONGEST)), place.path)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def unreadable(place: Held) -> Entry:
    """What stands for an entry whose journal is lost, or was written by another version."""
    about = Saved(os.path.basename(place.path), Way.MOVED, place.status.st_mtime, (), place.path, _UNREADABLE)
    return Entry(Phase.MOVED, about, -1, ())


def _saved(saved: Saved) -> dict[str, Any]:
    return {**asdict(saved), "way": saved.way.value}


def _entry(content: dict[str, Any], path: str) -> Entry:
    if content["schema"] != _SCHEMA:
        raise ValueError("written by another version")
    about: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in content["saved"].items()
    }
    items = tuple(Item(_name(each["name"]), int(each["inode"])) for each in content["items"])
    saved = Saved(**{**about, "way": Way(about["way"]), "place": path})
    return Entry(Phase(content["phase"]), saved, int(content["origin"]), items, bool(content["stand_in"]))


def _name(name: str) -> str:
    """One component: a journal that others may have written leads nowhere else."""
    if not isinstance(name, str) or "/" in name or "\0" in name or name in ("", ".", ".."):
        raise ValueError("not a name")
    return name
