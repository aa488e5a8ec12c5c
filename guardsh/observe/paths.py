"""Operands resolved as the command itself would: links, trailing slashes, bind mounts, thousands with one parent."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import lru_cache

from guardsh.model.intent import Effect, Extent, Target
from guardsh.model.place import Identity, Place
from guardsh.model.stack import Loss
from guardsh.system.proc import identity


@dataclass(frozen=True, slots=True)
class Reached:
    """What a target leads to. ``lineage`` begins with the place itself and ends with the root directory.

    ``link`` is the symbolic link itself where the command would take the link and not what it leads to. What is at or
    below one of ``beside`` is not reached: other file systems than those of a device.
    """

    target: Target
    lineage: tuple[Place, ...]
    exists: bool
    directory: bool
    link: Identity | None = None
    beside: tuple[Place, ...] = ()
    how: str = ""  # of a device: the way up, such as "member 3 of md0, under /mnt/data"
    loss: Loss | None = None  # of a device: what redundancy makes of it

    @property
    def place(self) -> Place:
        return self.lineage[0]


def reach(target: Target, effect: Effect, cwd: str) -> Reached | None:
    """Where a target leads; None where the command would do nothing with it or refuse it by itself.

    Raises OSError where that cannot be seen.
    """
    path = os.path.join(cwd, target.path)
    bare = path.rstrip("/") or "/"
    try:
        found = os.lstat(path if target.follow else bare)
    except (FileNotFoundError, NotADirectoryError) as error:
        if effect is Effect.DELETE or (_is_written(target, effect) and isinstance(error, NotADirectoryError)):
            return None
        return Reached(target, lineage(os.path.realpath(bare)), False, False)
    if stat.S_ISLNK(found.st_mode) and _takes_the_link(target, effect):
        return Reached(target, _entry_lineage(bare, found), True, False, Identity(found.st_dev, found.st_ino))
    resolved = os.path.realpath(bare)
    directory = os.path.isdir(resolved)
    if _left_alone(target, effect, resolved, directory):
        return None
    return Reached(target, lineage(resolved), os.path.lexists(resolved), directory)


@lru_cache(maxsize=4096)
def lineage(path: str) -> tuple[Place, ...]:
    """A resolved path and every directory above it, with their identities."""
    above = os.path.dirname(path)
    here = (Place(path, identity(path)),)
    return here if above == path else here + lineage(above)


def ways(path: str) -> tuple[Place, ...]:
    """Every directory that a path as typed runs through: ``data/pg_wal/x`` through ``data``, wherever pg_wal leads."""
    above = os.path.dirname(path)
    here = lineage(os.path.realpath(path))
    return here if above == path else tuple(dict.fromkeys((*here, *ways(above))))


def below(reached: tuple[Place, ...], place: Place) -> tuple[str, ...] | None:
    """The components from ``place`` down to where ``reached`` begins; None where it is not inside. Empty: the same."""
    for depth, here in enumerate(reached):
        if same(here, place):
            tail = [os.path.basename(step.path) for step in reached[:depth]]
            return tuple(reversed(tail))
    return None


def same(one: Place, other: Place) -> bool:
    if one.identity is not None and other.identity is not None:
        return one.identity == other.identity
    return one.path == other.path


def _entry_lineage(path: str, found: os.stat_result) -> tuple[Place, ...]:
    parent = os.path.realpath(os.path.dirname(path) or "/")
    own = Place(os.path.join(parent, os.path.basename(path)), Identity(found.st_dev, found.st_ino))
    return (own, *lineage(parent))


def _is_written(target: Target, effect: Effect) -> bool:
    return effect is Effect.OVERWRITE and target.extent is Extent.ENTRY


def _takes_the_link(target: Target, effect: Effect) -> bool:
    on_files = effect in (Effect.DELETE, Effect.OVERWRITE, Effect.CONFIGURE)
    return on_files and not target.follow and target.extent is not Extent.INSTANCE


def _left_alone(target: Target, effect: Effect, resolved: str, directory: bool) -> bool:
    """A file is not written over a directory; rm without -r leaves directories, with -d those that are not empty."""
    if effect not in (Effect.DELETE, Effect.OVERWRITE) or not directory:
        return False
    if target.extent is Extent.ENTRY:
        return True
    return target.extent is Extent.EMPTY and bool(os.listdir(resolved))
