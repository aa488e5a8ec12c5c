"""Which server an accident has hit, and what of its data directory is missing. Light: the clock is running."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from guardsh.model.instance import Server
from guardsh.system import open_files, proc, processes
from guardsh.system.open_files import HeldFile
from guardsh.system.suspension import Member

# What every instance has, from 9.6 on; any of the names of a row will do.
_ALWAYS_THERE = (
    ("PG_VERSION",),
    ("base",),
    ("global",),
    ("global/pg_control",),
    ("global/pg_filenode.map",),
    ("pg_wal", "pg_xlog"),
    ("pg_xact", "pg_clog"),
    ("pg_tblspc",),
)
_OF_A_RUNNING_ONE = (("postmaster.pid",),)
# The first segment of a relation's main fork. Postgres truncates a dropped one before it unlinks it (mdunlinkfork in
# md.c); temporary ones (t3_16384) and further segments may go as they are.
_RELATION = re.compile(r"/(\d+)/(\d+)$")


_MISSING = "missing in the data directory: "
LOCK_FILE_ONLY = (f"{_MISSING}postmaster.pid",)


@dataclass(frozen=True, slots=True)
class Accident:
    """An instance, alive or what is left of it.

    ``directory`` is the path of its data directory as it was; ``door`` a path that leads into it as long as its
    processes live, even where it has been removed. ``members`` are its processes, the postmaster first.
    """

    directory: str
    door: str
    server: Server | None  # None: no postmaster lives
    members: tuple[Member, ...]


def servers_of(directory: str, listed: Iterable[Server]) -> tuple[Server, ...]:
    """The servers that work, or worked, in ``directory``; more than one where a new one was put in its place."""
    names = {os.path.abspath(directory), os.path.realpath(directory)}
    identity = proc.identity(directory)
    return tuple(server for server in listed if _is_in(server, names, identity))


def leftovers(directory: str, root: str = "/proc") -> tuple[Member, ...]:
    """Processes of a server whose postmaster is gone: they still work in the directory, and have its files open."""
    names = {os.path.abspath(directory), os.path.realpath(directory)}
    identity = proc.identity(directory)
    return tuple(
        Member(process.pid, process.ticks)
        for process in proc.processes(root)
        if process.name == "postgres" and _works_in(f"{root}/{process.pid}/cwd", names, identity)
    )


def missing(accident: Accident) -> tuple[str, ...]:
    """Sentences about what is gone; none where all of it seems to be there."""
    if accident.server is not None and accident.server.directory_deleted:
        return ("the data directory itself has been removed",)
    rows = (*_ALWAYS_THERE, *(_OF_A_RUNNING_ONE if accident.server else ()))
    absent = [" or ".join(names) for names in rows if not _any_of(accident.door, names)]
    return (
        *([f"{_MISSING}{', '.join(absent)}"] if absent else []),
        *_lost_databases(accident.door),
        *_lost_tablespaces(accident.door),
        *_lost_relations(open_files.held_by(member.pid for member in accident.members)),
    )


def find(directory: str) -> tuple[Server, ...]:
    """``servers_of``, among all that run on this node."""
    return servers_of(directory, processes.servers())


def _is_in(server: Server, names: set[str], identity: object) -> bool:
    place, given = server.directory, server.directory_argument
    if place is not None and (place.path in names or (identity is not None and place.identity == identity)):
        return True
    return given is not None and os.path.isabs(given) and bool({given, os.path.realpath(given)} & names)


def _works_in(cwd: str, names: set[str], identity: object) -> bool:
    text = proc.link(cwd)
    if text is None:
        return False
    return text.removesuffix(" (deleted)") in names or (identity is not None and proc.identity(cwd) == identity)


def _any_of(door: str, names: Sequence[str]) -> bool:
    return any(os.path.lexists(f"{door}/{name}") for name in names)


def _lost_databases(door: str) -> Iterator[str]:
    """CREATE DATABASE makes PG_VERSION of a database first of all (createdb.c)."""
    try:
        names = [name for name in os.listdir(f"{door}/base") if name.isdigit()]
    except OSError:
        return
    lost = sorted(name for name in names if not os.path.lexists(f"{door}/base/{name}/PG_VERSION"))
    if lost:
        yield f"no longer complete: base/{', base/'.join(lost)}"


def _lost_tablespaces(door: str) -> Iterator[str]:
    try:
        links = sorted(os.listdir(f"{door}/pg_tblspc"))
    except OSError:
        return
    for name in links:
        path = f"{door}/pg_tblspc/{name}"
        if stat.S_ISLNK(os.lstat(path).st_mode) and not os.path.isdir(path):
            yield f"the tablespace behind pg_tblspc/{name} is gone: {proc.link(path)}"


def _lost_relations(held: Iterable[HeldFile]) -> Iterator[str]:
    lost = [file for file in held if file.deleted and file.status.st_size and _RELATION.search(file.path)]
    for database, number in sorted(Counter(os.path.dirname(file.path) for file in lost).items()):
        files = f"{number} relation files are deleted and still open" if number > 1 else "a relation file is deleted"
        kept = os.path.isdir(database)
        yield f"{files} in {database}" + ("" if kept else " (DROP DATABASE leaves that too, for a while)")
