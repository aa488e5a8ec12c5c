"""What a kill, or a power cut, has left half done in the store, brought to an end."""

from __future__ import annotations

import contextlib
import os
import shutil

from guardsh.model.saved import FILES
from guardsh.remedies import moving
from guardsh.remedies.entry import JOURNAL, Entry, Phase, read, unreadable, write
from guardsh.remedies.held import Held, held

_HALF_DELETED = "part of it is deleted for good: its deletion was broken off"
_PARTLY = "moving it was cut short, and something new has come since: some of it may still be in its place"
_BACK_PARTLY = "putting it back was cut short, and something new has come since: some of it is in its place"


def settled(place: Held, kept: Held) -> Entry | None:
    """The entry, after what a kill has cut short was brought to an end; None where nothing is left of it.

    What was being moved goes back, unless it had all arrived; what was being put back arrives; what was being deleted
    is deleted. Where something new has come in between, it stays as it is, and says so. Raises OSError.
    """
    entry = read(place) or (unreadable(place) if _holds_any(place) else None)
    if entry is None:
        forget(place, kept)
    elif entry.phase is Phase.PURGING:
        delete(entry, place, kept)
    elif entry.phase is not Phase.MOVED:
        return _brought_to_an_end(entry, place, kept)
    else:
        return entry
    return None


def _holds_any(place: Held) -> bool:
    with contextlib.suppress(OSError), held(FILES, place) as files:
        return bool(files.names())
    return False


def _brought_to_an_end(entry: Entry, place: Held, kept: Held) -> Entry | None:
    with contextlib.suppress(FileNotFoundError), held(FILES, place) as files:
        left = _finished(entry, files)
        if left is not None:
            with contextlib.suppress(OSError):  # on a full disk
                write(left, place)
            return left
    forget(place, kept)
    return None


def _finished(entry: Entry, files: Held) -> Entry | None:
    """What is to be written down of an entry whose renames were cut short; None where nothing of it is left here."""
    if entry.phase is Phase.MOVING and len(moving.moved(entry, files)) == len(entry.items):
        return entry.in_phase(Phase.MOVED)
    if _return(entry, files):
        return None
    return entry.in_phase(Phase.MOVED, _PARTLY if entry.phase is Phase.MOVING else _BACK_PARTLY)


def _return(entry: Entry, files: Held) -> bool:
    """Put back what can be; whether all is in its place."""
    with contextlib.suppress(OSError), held(entry.saved.origins[0]) as origin:
        if origin.identity.inode == entry.origin and not _has_news(entry, origin):
            moving.back(entry, origin, files)
            files.sync()
            origin.sync()
    return not moving.moved(entry, files)


def _has_news(entry: Entry, origin: Held) -> bool:
    """Whether one of the names belongs to something else by now."""
    own = {item.name: item.inode for item in entry.items}
    there = {name: origin.inode(name) for name in own}
    return any(found not in (None, own[name]) for name, found in there.items()) and not entry.stand_in


def delete(entry: Entry, place: Held, kept: Held) -> None:
    """Delete an entry and all it holds. Raises OSError; what could not be deleted stays, with a note of it."""
    try:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(FILES, dir_fd=place.descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            write(entry.in_phase(Phase.MOVED, _HALF_DELETED), place)
        raise
    forget(place, kept)


def forget(place: Held, kept: Held) -> None:
    """Take an entry away that holds nothing any more: rmdir(2) refuses where it does. Raises OSError."""
    if FILES in place.names():
        with held(FILES, place) as files:
            for name in files.names():  # an empty directory that was to be a stand-in, or was one
                os.rmdir(name, dir_fd=files.descriptor)
        os.rmdir(FILES, dir_fd=place.descriptor)
    for each in (f"{JOURNAL}.new", JOURNAL):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(each, dir_fd=place.descriptor)
    os.rmdir(os.path.basename(place.path), dir_fd=kept.descriptor)
    kept.sync()
