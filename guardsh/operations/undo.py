"""guardsh undo and guardsh moved: what was put aside on this node, back in its place or gone for good."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Protocol

from guardsh import aside, guard
from guardsh.judge import Wishes, working_directory
from guardsh.model.saved import Saved, Way
from guardsh.observe import discovery
from guardsh.policy import config
from guardsh.remedies import copies, farms, insured, moved, snapshots
from guardsh.remedies.record import NotDoneError
from guardsh.system import processes


class Keeper(Protocol):
    """A module of remedies, and what it does with what it has kept. Raises OSError or NotDoneError."""

    def put_back(self, saved: Saved, /) -> None: ...

    def purge(self, saved: Saved, /) -> None: ...


KEEPERS: dict[Way, Keeper] = {Way.MOVED: moved, Way.SNAPSHOT: snapshots, Way.COPY: copies, Way.INSURED: farms}


class UndoError(Exception):
    """Why nothing was put back or deleted; one sentence. ``refused``: the question was not answered."""

    def __init__(self, sentence: str, *, refused: bool = False) -> None:
        super().__init__(sentence)
        self.refused = refused


def everything() -> tuple[Saved, ...]:
    """All that was put aside on this node, the oldest first, and can be seen by this account."""
    found = (*moved.saved(_near()), *snapshots.saved(), *copies.saved(), *farms.saved())
    return tuple(sorted(found, key=lambda each: (each.when, each.id)))


def undo(name: str = "") -> tuple[Saved, ...]:
    """Put back what has this id, or else the newest; all that was put aside with it, or, where something is in the
    way of one part, none. Raises UndoError."""
    chosen = _chosen(name)
    for this in chosen:
        if this.way is Way.MOVED:
            _do(moved.check, this, f"could not put {this.id} back")
    for this in reversed(chosen):
        with insured.lifted(map(os.path.realpath, this.origins)):
            _do(KEEPERS[this.way].put_back, this, f"could not put {this.id} back")
        done = (f"put back {origin}" for origin in this.origins)
        aside.on_record(("guardsh", "undo", this.id), config.in_force(), *done)
    return chosen


def purge(name: str, wishes: Wishes) -> tuple[Saved, ...]:
    """Delete what has this id for good; asked about as a data directory is. Raises UndoError."""
    chosen = _chosen(name)
    if guard.outcome(["guardsh", "moved", "purge", *(this.place for this in chosen)], wishes) is not None:
        raise UndoError("", refused=True)
    for this in chosen:
        _do(KEEPERS[this.way].purge, this, f"could not delete {this.id}")
        aside.on_record(("guardsh", "moved", "purge", this.id), config.in_force(), f"deleted {this.place}")
    return chosen


def _chosen(name: str) -> tuple[Saved, ...]:
    found = everything()
    if not found:
        raise UndoError("nothing was put aside on this node, as far as this account can see")
    wanted = _group(name or found[-1].id)
    chosen = tuple(each for each in found if _group(each.id) == wanted)
    if not chosen:
        raise UndoError(f"nothing was put aside under {name}; guardsh moved lists what was")
    return chosen


def _group(name: str) -> str:
    """What was put aside at once: 20261130-235900-4f1c, 20261130-235900-4f1c.2 …"""
    return name.partition(".")[0]


def _do(act: Callable[[Saved], None], this: Saved, failed: str) -> None:
    try:
        act(this)
    except NotDoneError as error:
        raise UndoError(f"{failed}: {error}") from None
    except OSError as error:
        raise UndoError(f"{failed}: {error.filename or this.place}: {(error.strerror or str(error)).lower()}") from None


def replaced(this: Saved) -> tuple[str, ...]:
    """Where what was in its place is kept, if it was not empty."""
    return snapshots.replaced(this) if this.way is Way.SNAPSHOT else ()


def _near() -> Sequence[str]:
    """Where data directories are, or were: a store lies in or beside each."""
    policy = config.in_force()
    running = [server.directory.path for server in processes.servers() if server.directory]
    return tuple(
        dict.fromkeys((*running, *discovery.data_directories("/", policy.data_directories), working_directory()))
    )
