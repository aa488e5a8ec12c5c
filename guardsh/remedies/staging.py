"""A directory put back in its place from a copy made beside it: what is there now is kept under another name."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from guardsh.remedies.record import NotDoneError
from guardsh.system import copying, detached, kernel, standing

_NEW = "new"  # being made: removed where that, or anything before it is put in place, fails
_READY = "ready"  # from here on it may be what was there before: nothing of this name is ever removed
# How the stores of guardsh's own begin: they stay where they are when all else of a mount point is moved.
_STORES = ".guardsh-"


@dataclass(frozen=True, slots=True)
class Stage:
    """A directory beside the place, or in it where that is a mount point, that no other account can enter. ``new`` in
    it is what will be put in place. ``outside`` is the directory that ``place`` lies in, or the mount point itself."""

    place: str
    outside: int
    name: str
    within: int
    mounted: bool

    @property
    def directories(self) -> dict[str, int]:
        """For a rename out of the stage."""
        return {"source_directory": self.within, "target_directory": self.outside}


@contextmanager
def stage(place: str, identifier: str, build: Callable[[int, str, bool], None]) -> Iterator[Stage]:
    """Make the new directory by ``build(directory, name, plainly)``, for the ``with`` block; what was not put in place
    is removed again. ``plainly``: its entries will be renamed into the mount point, and a subvolume's cannot be."""
    mounted = _is_mount_point(place)
    with detached.directory(_holder(place, mounted)) as outside:
        name = f".guardsh-undo-{identifier}-{os.path.basename(place)}"
        detached.own_directory(name, outside)
        with detached.directory(name, outside) as within:
            made = Stage(place, outside, name, within, mounted)
            _take_up(made, identifier)
            try:
                build(within, _NEW, mounted)
                yield made
            finally:
                _clear(made)


def _take_up(made: Stage, identifier: str) -> None:
    """What an attempt that was killed has left: what may be of somebody's is kept, what was being made is removed."""
    try:
        fcntl.flock(made.within, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise NotDoneError(f"{made.place} is being put back by another guardsh") from None
    shutil.rmtree(_NEW, ignore_errors=True, dir_fd=made.within)
    if _READY in detached.names(made.within):
        _set_aside(made, identifier)


def put(made: Stage, identifier: str) -> None:
    """Put it in place; what was there is kept (``set_aside``)."""
    kernel.rename(_NEW, _READY, kernel.RENAME_NOREPLACE, source_directory=made.within, target_directory=made.within)
    if made.mounted:
        _fill(made, identifier)
    else:
        _exchange(made, identifier)


def set_aside(place: str, identifier: str) -> tuple[str, ...]:
    """Where what was in a place is kept, as found on disk."""
    mounted = _is_mount_point(place)
    with contextlib.suppress(FileNotFoundError), detached.directory(_holder(place, mounted)) as holder:
        name = _aside(place, identifier, mounted)
        found = sorted(each for each in detached.names(holder) if each.startswith(name))
        return tuple(os.path.join(_holder(place, mounted), each) for each in found)
    return ()


def _exchange(made: Stage, identifier: str) -> None:
    name = os.path.basename(made.place)
    try:
        kernel.rename(_READY, name, kernel.RENAME_NOREPLACE, **made.directories)
    except FileExistsError:
        kernel.rename(_READY, name, kernel.RENAME_EXCHANGE, **made.directories)
        _set_aside(made, identifier)


def _set_aside(made: Stage, identifier: str) -> None:
    """What was there before, under a name of its own; nothing, where it was empty."""
    with contextlib.suppress(OSError):
        os.rmdir(_READY, dir_fd=made.within)
        return
    before = _free(made.outside, _aside(made.place, identifier, made.mounted))
    kernel.rename(_READY, before, kernel.RENAME_NOREPLACE, **made.directories)


def _fill(made: Stage, identifier: str) -> None:
    """Every entry is renamed: first what is there into a directory of its own, then the new ones."""
    present = [name for name in detached.names(made.outside) if not name.startswith(_STORES)]
    if present:
        before = _free(made.outside, _aside(made.place, identifier, made.mounted))
        os.mkdir(before, 0o700, dir_fd=made.outside)
        with detached.directory(before, made.outside) as kept:
            _rename_all(present, made.outside, kept)
    with detached.directory(_READY, made.within) as new:
        _rename_all(detached.names(new), new, made.outside)
        copying.attributes(new, made.outside)
    os.rmdir(_READY, dir_fd=made.within)


def _rename_all(names: Iterable[str], source: int, target: int) -> None:
    for name in names:
        kernel.rename(name, name, kernel.RENAME_NOREPLACE, source_directory=source, target_directory=target)


def _clear(made: Stage) -> None:
    shutil.rmtree(_NEW, ignore_errors=True, dir_fd=made.within)
    with contextlib.suppress(OSError):
        os.rmdir(made.name, dir_fd=made.outside)


def _free(directory: int, name: str) -> str:
    taken = set(detached.names(directory))
    return next(each for each in (name, *(f"{name}-{number}" for number in range(2, 1000))) if each not in taken)


def _is_mount_point(path: str) -> bool:
    """Not os.path.ismount: to that, every subvolume is one."""
    return any(each.point == path for each in standing.mounts())


def _holder(place: str, mounted: bool) -> str:
    return place if mounted else os.path.dirname(place)


def _aside(place: str, identifier: str, mounted: bool) -> str:
    """The name under which what was there is kept."""
    return f"{_STORES if mounted else f'{os.path.basename(place)}.'}before-undo-{identifier}"
