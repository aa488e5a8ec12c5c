"""What is written beside a snapshot or a copy, so that it is found again without any registry."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from guardsh.model.saved import Saved, Way

_SCHEMA = 1
_LISTS = ("origins", "command", "notes")


class NotDoneError(Exception):
    """Something could not be kept, put back or purged; one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Before what something is kept: the words of the command, redacted, and who runs it."""

    command: tuple[str, ...]
    operator: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept before a command, and the lines to say. ``failed`` says why something that could have been kept
    was not; it is empty where the file system just cannot."""

    saved: tuple[Saved, ...] = ()
    lines: tuple[str, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A directory as it is held by one snapshot: that of ``unit`` (a subvolume, dataset or thin volume), in which it
    lies at ``inside`` ("" for the root of it). ``origin`` is its path."""

    origin: str
    kind: str
    unit: str
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A ``Saved`` with what only its own way of keeping needs."""

    saved: Saved
    held: tuple[Held, ...] = field(default=())


class Kind(Protocol):
    """One way of a file system, or of what it stands on, to make snapshots. All raise OSError or NotDoneError."""

    TITLE: str  # "btrfs subvolume"

    def holding(self, path: str) -> tuple[Held, ...]:
        """What a directory lies in, and then what is nested below it and is not contained in a snapshot of that; empty
        where it is of no such kind."""

    def at_once(self, units: tuple[str, ...]) -> bool:
        """Whether snapshots of all these units are of one moment."""

    def take(self, units: tuple[str, ...], record: Record) -> None:
        """Snapshots of all units, in this order, under the record's id and with the record."""

    def found(self) -> Iterator[Record]:
        """The record of every snapshot of ours on this node; a record may come more than once."""

    def rebuild(self, held: Held, identifier: str, directory: int, name: str, *, plainly: bool) -> None:
        """What was held, as a new directory ``name`` (a path below the open ``directory``), with all attributes.
        ``plainly``: a directory whose entries can be renamed to where ``directory`` lies."""

    def purge(self, unit: str, identifier: str) -> None:
        """Delete one snapshot for good; nothing happens where it is gone."""


def new_id(when: float) -> str:
    """Sorts by age: UTC, and four digits to tell those of one second apart."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(when))}-{secrets.token_hex(2)}"


def to_text(record: Record) -> str:
    """One line of JSON, all of it ASCII."""
    saved = {**asdict(record.saved), "way": record.saved.way.value}
    held = [[each.origin, each.kind, each.unit, each.inside] for each in record.held]
    return json.dumps({"schema": _SCHEMA, "saved": saved, "held": held}, separators=(",", ":"))


def from_text(text: str) -> Record | None:
    """The record; None where the text is none, or one of another version of guardsh."""
    try:
        values: dict[str, Any] = json.loads(text)
        if values["schema"] != _SCHEMA:
            return None
        saved = values["saved"]
        lists = {name: tuple(map(str, saved[name])) for name in _LISTS}
        made = Saved(**{**saved, **lists, "way": Way(saved["way"])})
        return Record(made, tuple(Held(*map(str, each)) for each in values["held"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def noted(record: Record, *notes: str) -> Record:
    """With more sentences about it."""
    return replace(record, saved=replace(record.saved, notes=(*record.saved.notes, *notes)))


def not_kept(path: str, why: str, noun: str) -> Kept:
    """Why there is no ``noun`` (snapshot, copy) of a path, as a line too."""
    sentence = f"no {noun} of {path} was made: {why}"
    return Kept((), (f"guardsh: {sentence}",), sentence)


def reason(error: Exception) -> str:
    """Why something failed, for the end of a sentence; with the path where the error has one."""
    if isinstance(error, OSError) and error.strerror:
        return f"{f'{error.filename}: ' if error.filename else ''}{error.strerror.lower()}"
    return str(error)
