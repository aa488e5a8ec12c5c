"""Snapshots before a destructive command on a data directory: taken, listed, put back and purged, whatever the kind."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from guardsh.model.data_directory import DataDirectory
from guardsh.model.instance import Instance, Role
from guardsh.model.observed import Known, value_of
from guardsh.model.place import Place
from guardsh.model.saved import Saved, Way
from guardsh.remedies import btrfs_snapshots, staging, thin_snapshots, zfs_snapshots
from guardsh.remedies.record import Held, Kept, Kind, NotDoneError, Occasion, Record, new_id, not_kept, noted, reason
from guardsh.system import processes
from guardsh.system.apart import Deadline, apart

KINDS: Mapping[str, Kind] = {
    "btrfs": btrfs_snapshots,
    "zfs": zfs_snapshots,
    "lvm": thin_snapshots,
}
_ROLES = {Role.PRIMARY: "the primary", Role.RECOVERING: "a recovering copy", Role.REPLICA: "a replica"}


def before(instances: Iterable[Instance], occasion: Occasion, seconds: float) -> Kept:
    """Snapshots of all that these instances consist of, before a command that destroys some of it; in at most so many
    seconds all together. Of what stands on nothing that can make one, nothing is said."""
    deadline = Deadline(seconds)
    kept = Kept()
    for instance in instances:
        done = apart(partial(_before_one, instance, occasion), deadline)
        here = done.value if isinstance(done, Known) else not_kept(_path(instance), done.why, "snapshot")
        kept = Kept(kept.saved + here.saved, kept.lines + here.lines, kept.failed or here.failed)
    return kept


def saved() -> tuple[Saved, ...]:
    """Every snapshot of ours on this node, the oldest first; those that this account may see."""
    return tuple(record.saved for record in sorted(_records().values(), key=lambda each: each.saved.id))


def put_back(saved: Saved) -> None:
    """Bring every directory of it back to its place as it was, all that was nested in it too.

    What is there now is kept beside it (``replaced``). The snapshot stays. Raises OSError, or NotDoneError: a server
    runs there, or the snapshot is gone.
    """
    record = _record_of(saved)
    for origin in saved.origins:
        _refuse_in_use(origin)
    with contextlib.ExitStack() as stack:
        stages = [stack.enter_context(_staged(top, record)) for top in _tops(record.held)]
        for made in stages:
            staging.put(made, saved.id)


def replaced(saved: Saved) -> tuple[str, ...]:
    """Where what was in its place is kept, each time that it was put back."""
    return tuple(path for origin in saved.origins for path in staging.set_aside(origin, saved.id))


def purge(saved: Saved) -> None:
    """Delete it for good. Raises OSError or NotDoneError."""
    for kind, units in _units(_record_of(saved)).items():
        for unit in units:
            KINDS[kind].purge(unit, saved.id)


# Before


def _before_one(instance: Instance, occasion: Occasion) -> Kept:
    try:
        return _snapped(instance, occasion)
    except (OSError, NotDoneError) as error:
        why = reason(error) if os.geteuid() == 0 else "only root can make one where nobody else can reach it"
        return not_kept(_path(instance), why, "snapshot")


def _snapped(instance: Instance, occasion: Occasion) -> Kept:
    held, without = _held(_places(instance.directory))
    if not held:
        return Kept()
    record = _record(instance, held, without, occasion)
    if not _at_once(record):
        record = noted(record, *_apart_in_time(held, running=instance.server is not None))
    _take(record)
    return Kept((record.saved,), _lines(record))


def _path(instance: Instance) -> str:
    return instance.directory.place.path


def _places(directory: DataDirectory) -> list[str]:
    """All that an instance consists of, the write-ahead log last: after the data it can bring that up to date."""
    also = (*directory.tablespaces, *(each.place for each in directory.moved))
    ordered: list[Place | None] = [directory.place, *also, directory.wal]
    return list(dict.fromkeys(each.path for each in ordered if each is not None and os.path.isdir(each.path)))


def _held(places: Sequence[str]) -> tuple[tuple[Held, ...], list[str]]:
    """What can be held, and the places that cannot."""
    found = {place: next(filter(None, (kind.holding(place) for kind in KINDS.values())), ()) for place in places}
    every = dict.fromkeys(each for group in found.values() for each in group)
    held = [each for each in every if not any(_contains(other, each) for other in every)]
    ordered = sorted(held, key=lambda each: os.path.basename(each.origin) in ("pg_wal", "pg_xlog"))
    return tuple(ordered), [place for place, group in found.items() if not group]


def _record(instance: Instance, held: tuple[Held, ...], without: Sequence[str], occasion: Occasion) -> Record:
    directory, when = instance.directory, time.time()
    control = directory.control.value if isinstance(directory.control, Known) else None
    return Record(
        Saved(
            id=new_id(when),
            way=Way.SNAPSHOT,
            when=when,
            origins=tuple(top.origin for top in _tops(held)),
            place=", ".join(dict.fromkeys(f"{KINDS[each.kind].TITLE} {each.unit}" for each in held)),
            what=_what(instance),
            command=occasion.command,
            operator=occasion.operator,
            role=instance.role.value.value if isinstance(instance.role, Known) else None,
            version=value_of(directory.version, "") or None,
            system_identifier=control.system_identifier if control else None,
            timeline=control.timeline if control else None,
            notes=tuple(f"It does not hold {place}, where no snapshot can be taken." for place in without),
        ),
        held,
    )


def _what(instance: Instance) -> str:
    role = _ROLES[instance.role.value] if isinstance(instance.role, Known) else "an instance"
    version = value_of(instance.directory.version, "")
    return f"data directory of {role}{f', PostgreSQL {version}' if version else ''}"


def _units(record: Record) -> dict[str, tuple[str, ...]]:
    kinds = dict.fromkeys(each.kind for each in record.held)
    return {kind: tuple(dict.fromkeys(each.unit for each in record.held if each.kind == kind)) for kind in kinds}


def _at_once(record: Record) -> bool:
    units = _units(record)
    return len(units) == 1 and all(KINDS[kind].at_once(names) for kind, names in units.items())


def _take(record: Record) -> None:
    """Where one fails, none is left."""
    units = _units(record)
    try:
        for kind, names in units.items():
            KINDS[kind].take(names, record)
    except BaseException:
        for kind, name in ((kind, name) for kind, names in units.items() for name in names):
            with contextlib.suppress(OSError, NotDoneError):
                KINDS[kind].purge(name, record.saved.id)
        raise


def _apart_in_time(held: tuple[Held, ...], *, running: bool) -> Iterator[str]:
    order = ", then ".join(each.origin for each in held)
    yield f"Its snapshots were taken one after the other: {order}."
    if running:
        yield "The server was running: PostgreSQL does not promise that a set which is not of one moment starts."


def _lines(record: Record) -> tuple[str, ...]:
    saved = record.saved
    return (
        f"guardsh: snapshot {saved.id} holds {', '.join(saved.origins)} as it was; nothing of it is freed meanwhile",
        *(f"guardsh: {note[0].lower()}{note[1:].removesuffix('.')}" for note in saved.notes),
        f"hint: to put it back: guardsh undo {saved.id}; to free the space: guardsh moved purge {saved.id}",
    )


# Afterwards


def _records() -> dict[str, Record]:
    found: dict[str, Record] = {}
    for kind in KINDS.values():
        with contextlib.suppress(OSError, NotDoneError):
            for record in kind.found():
                found.setdefault(record.saved.id, record)
    return found


def _record_of(saved: Saved) -> Record:
    record = _records().get(saved.id)
    if record is None:
        raise NotDoneError(f"snapshot {saved.id} is not there, or only root can see it")
    return record


def _refuse_in_use(origin: str) -> None:
    for server in processes.servers():
        if server.directory is not None and server.directory.path == origin:
            raise NotDoneError(f"a server runs in {origin} (process {server.pid}): stop it first")
    users = processes.open_files_below(Place(origin, None))
    if users:
        raise NotDoneError(f"process {users[0]} has files open in {origin}: end it first")


def _tops(held: Iterable[Held]) -> tuple[Held, ...]:
    """Those that are not nested in another."""
    places = tuple(held)
    return tuple(each for each in places if not any(_is_below(each.origin, other.origin) for other in places))


def _contains(whole: Held, part: Held) -> bool:
    """Whether it comes along: a tablespace in the data directory itself."""
    below = os.path.join(whole.inside, os.path.relpath(part.origin, whole.origin))
    return part.unit == whole.unit and _is_below(part.origin, whole.origin) and part.inside == below


def _is_below(path: str, above: str) -> bool:
    return path.startswith(f"{above.rstrip('/')}/")


@contextlib.contextmanager
def _staged(top: Held, record: Record) -> Iterator[staging.Stage]:
    nested = sorted((each for each in record.held if _is_below(each.origin, top.origin)), key=lambda each: each.origin)

    def build(directory: int, name: str, plainly: bool) -> None:
        KINDS[top.kind].rebuild(top, record.saved.id, directory, name, plainly=plainly)
        for each in nested:
            at = f"{name}/{os.path.relpath(each.origin, top.origin)}"
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(at, dir_fd=directory)  # what a snapshot has in the place of what is nested: nothing
            KINDS[each.kind].rebuild(each, record.saved.id, directory, at, plainly=plainly)

    with staging.stage(top.origin, record.saved.id, build) as made:
        yield made
