"""Snapshots of btrfs subvolumes, read-only, at the top of their file system, beside what people mount."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from guardsh.remedies.record import Held, Record, from_text, to_text
from guardsh.system import copying, detached, subvolumes
from guardsh.system.subvolumes import TOP, Subvolume

TITLE = "btrfs subvolume"
STORE = ".guardsh-snapshots"
_RECORD = "saved.json"
_SYSTEMS = "/sys/fs/btrfs"


def holding(path: str) -> tuple[Held, ...]:
    """Its subvolume, and those nested below the path: in a snapshot, each of these is an empty directory."""
    with detached.directory(path) as here:
        found = subvolumes.of(here)
        if found is None:
            return ()
        subvolume, inside = found
        base = f"{inside}/" if inside else ""
        with subvolumes.opened(subvolume) as root:
            below = [
                Held(os.path.join(path, at.removeprefix(base)), "btrfs", _unit(child))
                for child, at in subvolumes.nested(root, subvolume, inside)
            ]
    return (Held(path, "btrfs", _unit(subvolume), inside), *(each for each in below if STORE not in each.origin))


def at_once(units: tuple[str, ...]) -> bool:
    """A snapshot is of one moment, several are not (btrfs-subvolume(8))."""
    return len(units) == 1


def take(units: tuple[str, ...], record: Record) -> None:
    """Each in the store of its own file system, one after the other."""
    for system in dict.fromkeys(_subvolume(unit).system for unit in units):
        with _place(system, record.saved.id) as place:
            _write(place, to_text(record))  # the first snapshot commits it, too (fs/btrfs/ioctl.c, create_snapshot)
            for unit in units:
                if _subvolume(unit).system == system:
                    with subvolumes.opened(_subvolume(unit)) as source:
                        subvolumes.snapshot(source, place, _name(unit), read_only=True)


def found() -> Iterator[Record]:
    """In every btrfs that is mounted; none where we are not root, who alone may see them."""
    for system in _systems():
        with suppress(OSError), _store(system) as store:
            for name in sorted(detached.names(store)):
                with suppress(OSError), detached.directory(name, store) as place:
                    record = from_text(_read(place))
                    if record is not None and record.saved.id == name:
                        yield record


def rebuild(held: Held, identifier: str, directory: int, name: str, *, plainly: bool) -> None:
    """A subvolume again, which takes no time; of a directory in a subvolume, a copy that shares its blocks."""
    with _snapshot(held.unit, identifier) as source:
        if held.inside or plainly:
            copying.tree(source, held.inside, directory, name)
        else:
            parent, _, last = f"./{name}".rpartition("/")
            with detached.directory(parent, directory) as into:
                subvolumes.snapshot(source, into, last, read_only=False)


def purge(unit: str, identifier: str) -> None:
    """The snapshot first; the record goes with the last one."""
    with suppress(FileNotFoundError), _store(_subvolume(unit).system) as store:
        with detached.directory(identifier, store) as place:
            if _name(unit) in detached.names(place):
                subvolumes.destroy(place, _name(unit))
            if set(detached.names(place)) - {_RECORD}:
                return
            with suppress(FileNotFoundError):
                os.unlink(_RECORD, dir_fd=place)
        os.rmdir(identifier, dir_fd=store)


@contextmanager
def _store(system: str) -> Iterator[int]:
    """FileNotFoundError where nothing has been kept there; PermissionError where it is not ours."""
    with subvolumes.opened(Subvolume(system, TOP)) as top:
        os.stat(STORE, dir_fd=top, follow_symlinks=False)
        detached.own_directory(STORE, top)
        with detached.directory(STORE, top) as store:
            yield store


@contextmanager
def _snapshot(unit: str, identifier: str) -> Iterator[int]:
    with (
        _store(_subvolume(unit).system) as store,
        detached.directory(identifier, store) as place,
        detached.directory(_name(unit), place) as root,
    ):
        yield root


@contextmanager
def _place(system: str, identifier: str) -> Iterator[int]:
    with subvolumes.opened(Subvolume(system, TOP)) as top:
        detached.own_directory(STORE, top)
        with detached.directory(STORE, top) as store:
            os.mkdir(identifier, 0o700, dir_fd=store)
            with detached.directory(identifier, store) as place:
                yield place


def _write(place: int, text: str) -> None:
    file = os.open(_RECORD, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=place)
    with os.fdopen(file, "w", encoding="ascii") as opened_one:
        opened_one.write(text)


def _read(place: int) -> str:
    with open(os.open(_RECORD, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=place), encoding="ascii") as file:
        return file.read()


def _systems() -> list[str]:
    return sorted(name for name in _names(_SYSTEMS) if os.path.isdir(f"{_SYSTEMS}/{name}/devices"))


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _unit(subvolume: Subvolume) -> str:
    return f"{subvolume.system}/{subvolume.number}"


def _subvolume(unit: str) -> Subvolume:
    system, _, number = unit.partition("/")
    return Subvolume(system, int(number))


def _name(unit: str) -> str:
    return unit.partition("/")[2]
