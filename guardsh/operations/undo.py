"""guardsh undo and guardsh moved: what was put aside on this node, back in its place or gone for good."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib import import_module

from guardsh import guard
from guardsh.judge import Wishes
from guardsh.model.saved import Saved, Way
from guardsh.observe import discovery
from guardsh.policy import config
from guardsh.remedies.store import StoreError
from guardsh.system import processes

# Each module has ``saved(near) -> tuple[Saved, ...]``, ``put_back(Saved)`` and ``purge(Saved)``.
WAYS = {Way.MOVED: "guardsh.remedies.moved"}


class UndoError(Exception):
    """Why nothing was put back or deleted; one sentence. ``refused``: the question was not answered."""

    def __init__(self, sentence: str, *, refused: bool = False) -> None:
        super().__init__(sentence)
        self.refused = refused


def everything() -> tuple[Saved, ...]:
    """All that was put aside on this node, the oldest first, and can be seen by this account."""
    near = _near()
    found = [each for module in WAYS.values() for each in import_module(module).saved(near)]
    return tuple(sorted(found, key=lambda each: each.id))


def undo(name: str = "") -> tuple[Saved, ...]:
    """Put back what has this id, or else the newest; all that was put aside with it. Raises UndoError."""
    chosen = _chosen(name)
    for this in reversed(chosen):
        _do(this, "put_back", f"could not put {this.id} back")
    return chosen


def purge(name: str, wishes: Wishes) -> tuple[Saved, ...]:
    """Delete what has this id for good; asked about as a data directory is. Raises UndoError."""
    chosen = _chosen(name)
    if guard.outcome(["guardsh", "moved", "purge", *(this.place for this in chosen)], wishes) is not None:
        raise UndoError("", refused=True)
    for this in chosen:
        _do(this, "purge", f"could not delete {this.id}")
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


def _do(this: Saved, verb: str, failed: str) -> None:
    act: Callable[[Saved], None] = getattr(import_module(WAYS[this.way]), verb)
    try:
        act(this)
    except StoreError as error:
        raise UndoError(f"{failed}: {error}") from None
    except OSError as error:
        raise UndoError(f"{failed}: {error.filename or this.place}: {(error.strerror or str(error)).lower()}") from None


def _near() -> Sequence[str]:
    """Where data directories are, or were: a store lies in or beside each."""
    try:
        policy = config.load()
    except config.ConfigurationError:
        policy = config.builtin()
    running = [server.directory.path for server in processes.servers() if server.directory]
    return tuple(dict.fromkeys((*running, *discovery.data_directories("/", policy.data_directories), os.getcwd())))
