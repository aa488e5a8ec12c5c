"""Moving aside instead of deleting: what was moved is at exactly one place, whenever the power goes."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from guardsh.model.place import Identity
from guardsh.model.saved import FILES, Saved
from guardsh.remedies import moving, store
from guardsh.remedies.entry import Entry, Item, Phase, read, unreadable, write
from guardsh.remedies.held import Held, held
from guardsh.remedies.record import NotDoneError, reason
from guardsh.remedies.settling import delete, forget, settled
from guardsh.system import standing

_CHANGED = "it is not what it was when this was decided"
_MANY = 1000  # names of a directory that are not renamed one by one


class _CannotExchangeError(Exception):
    """The file system cannot exchange two names in one step."""


def move(names: Sequence[str], of: str, beside: str, about: Saved, expected: Identity | None = None) -> Saved:
    """Move these names of the directory ``of`` into a new entry of the store in ``beside``; ``about`` says what they
    are. ``expected`` is the directory as it was looked at.

    Raises OSError, and NotDoneError: then everything is in its place.
    """
    _check_nothing_mounted(of, names)
    with _moving(of, beside, about, expected) as (origin, place, files):
        items = [Item(name, inode) for name in names if (inode := origin.inode(name)) is not None]
        entry = Entry(Phase.MOVING, about, origin.identity.inode, tuple(items))
        return _carry_out(entry, origin, place, files)


def empty(directory: str, beside: str, about: Saved, expected: Identity | None = None) -> Saved:
    """Move all that is in a directory, which stays. Of many names the directory itself is moved, and an empty one that
    looks the same put in its place. Raises as ``move``."""
    if beside != directory and _has_many(directory):
        with contextlib.suppress(_CannotExchangeError):
            return _exchange(directory, beside, about, expected)
    names = [each for each in os.listdir(directory) if not store.is_store(each)]
    return move(names, directory, beside, replace(about, origins=(directory,)), expected)


def _has_many(directory: str) -> bool:
    """Reads no further than it takes to know: a million names take a second."""
    with os.scandir(directory) as entries:
        names = (entry.name for entry in entries if not store.is_store(entry.name))
        return len(tuple(islice(names, _MANY + 1))) > _MANY


def _exchange(directory: str, beside: str, about: Saved, expected: Identity | None) -> Saved:
    above, name = os.path.split(directory)
    _check_nothing_mounted(above, (name,))
    with _moving(above, beside, about, None) as (origin, place, files):
        identity = origin.at(name)
        if identity is None or (expected is not None and identity != expected):
            raise OSError(errno.ESTALE, _CHANGED, directory)
        items = (Item(name, identity.inode),)
        entry = Entry(Phase.MOVING, replace(about, origins=(above,)), origin.identity.inode, items, stand_in=True)
        return _carry_out(entry, origin, place, files)


def saved(near: Iterable[str] = ()) -> tuple[Saved, ...]:
    """All that this account has moved aside, the oldest first; ``near`` are directories in or beside which a store may
    lie. What a kill has cut short is brought to an end before. Never raises."""
    found: list[Saved] = []
    for directory in store.known(near):
        with contextlib.suppress(OSError, NotDoneError), held(directory) as beside:
            with store.opened(beside) as kept:
                busy = store.is_busy(kept)
                found += [entry.saved for place in _places(kept) if (entry := _seen(place, kept, busy=busy))]
            store.tidy(beside)
    return tuple(sorted(found, key=lambda each: (each.when, each.id)))


def _seen(place: Held, kept: Held, *, busy: bool) -> Entry | None:
    """As ``settled``, where nobody works on it. Never raises."""
    if busy or store.is_busy(place):
        return read(place)
    try:
        return settled(place, kept)
    except (OSError, NotDoneError) as error:
        return (read(place) or unreadable(place)).in_phase(Phase.MOVED, f"it needs a look: {reason(error)}")


def put_back(this: Saved) -> None:
    """Rename everything to where it was.

    Raises OSError, and NotDoneError where something has come since under one of the names: then nothing is changed.
    """
    with _free(this) as (kept, place, entry, files, origin):
        with contextlib.suppress(OSError):  # on a full disk: then it is for the next undo to end it
            write(entry.in_phase(Phase.RETURNING), place)
        moving.back(entry, origin, files)
        files.sync()
        origin.sync()
        forget(place, kept)
    _tidy(this)


def check(this: Saved) -> None:
    """Change nothing. Raises as ``put_back`` would now."""
    with _free(this):
        pass


@contextmanager
def _free(this: Saved) -> Iterator[tuple[Held, Held, Entry, Held, Held]]:
    """As ``_entered``, with what was moved and the directory that it can go back to."""
    if not this.origins:
        raise NotDoneError(f"where it was is not known any more; it lies in {this.place}/{FILES}")
    with _entered(this) as (kept, place, entry), held(FILES, place) as files, held(this.origins[0]) as origin:
        if set(files.names()) - {item.name for item in moving.moved(entry, files)}:
            raise NotDoneError(f"those in {files.path} are not the files that were moved; move them back by hand")
        if names := moving.taken(entry, origin, files):
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise NotDoneError(f"{origin.path}/{names[0]}{more} has come since; move it away first")
        yield kept, place, entry, files, origin


def purge(this: Saved) -> None:
    """Delete it for good. Raises OSError, and NotDoneError. Killed, it is brought to an end by ``saved``; broken off by
    the operator, or by an error, what is left stays."""
    with _entered(this) as (kept, place, entry):
        _check_nothing_mounted(kept.path, (os.path.basename(place.path),))
        with contextlib.suppress(OSError):  # on a full disk, too, something must go
            write(entry.in_phase(Phase.PURGING), place)
        store.release(kept)  # it takes its time, and the entry is ours
        delete(entry, place, kept)
    _tidy(this)


@contextmanager
def _moving(of: str, beside: str, about: Saved, expected: Identity | None) -> Iterator[tuple[Held, Held, Held]]:
    """The directory that is moved from, the new entry, and the directory in it that is moved to."""
    with held(beside) as above, held(of) as origin, _entry_in(above, about.id) as place:
        if expected is not None and origin.identity != expected:
            raise OSError(errno.ESTALE, _CHANGED, of)
        place.make(FILES)
        with held(FILES, place) as files:
            yield origin, place, files


@contextmanager
def _entry_in(above: Held, name: str) -> Iterator[Held]:
    """A new entry, to ourselves; where the ``with`` block fails, no more of it is left than is needed."""
    with store.locked(above, make=True) as kept:
        with contextlib.suppress(OSError):  # it is found beside its instance, too
            store.remember(kept.path)
        kept.make(name)
        kept.sync()
        with held(name, kept) as place:
            try:
                yield place
            except BaseException:
                with contextlib.suppress(OSError):
                    settled(place, kept)
                raise


def _carry_out(entry: Entry, origin: Held, place: Held, files: Held) -> Saved:
    write(entry, place)
    try:
        if entry.stand_in:
            moving.stand_in(entry.items[0], origin, files)
        else:
            moving.forth(entry.items, origin, files)
        files.sync()
        origin.sync()
    except BaseException as error:
        moving.back(entry, origin, files)
        if entry.stand_in and isinstance(error, OSError) and error.errno == errno.EINVAL:
            raise _CannotExchangeError from None
        raise
    with contextlib.suppress(OSError):  # everything has arrived, and the next look finds that
        write(entry.in_phase(Phase.MOVED), place)
    return replace(entry.saved, place=place.path)


@contextmanager
def _entered(this: Saved) -> Iterator[tuple[Held, Held, Entry]]:
    """The store, the entry in it, and what is written down there."""
    stored, name = os.path.split(this.place)
    with (
        held(os.path.dirname(stored)) as beside,
        store.locked(beside) as kept,
        held(name, kept) as place,
    ):
        if store.is_busy(place):
            raise NotDoneError("another guardsh is deleting it")
        entry = settled(place, kept)
        if entry is None:
            raise NotDoneError(f"{this.id} is no longer there")
        yield kept, place, entry


def _tidy(this: Saved) -> None:
    with contextlib.suppress(OSError), held(os.path.dirname(os.path.dirname(this.place))) as beside:
        store.tidy(beside)


def _check_nothing_mounted(above: str, names: Sequence[str]) -> None:
    """A mount would go along with the rename, and what is purged must not lead into another file system."""
    for mount in standing.below(above):
        if os.path.relpath(mount.point, above).partition("/")[0] in names:
            raise NotDoneError(f"{mount.point} is a mount point; unmount it first, or clear what is in it")


def _places(kept: Held) -> Iterator[Held]:
    for name in kept.names():
        with contextlib.suppress(OSError), held(name, kept) as place:
            yield place
