"""This node as it is now: every instance on it, each looked at apart, under one deadline."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from guardsh.model.data_directory import DataDirectory, Size
from guardsh.model.instance import Instance, Server
from guardsh.model.node import Node
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.place import Place
from guardsh.model.policy import Connection
from guardsh.model.storage import Arrays
from guardsh.observe import data_directory, instance, replication
from guardsh.system import database, processes
from guardsh.system.apart import Apart, Deadline

T = TypeVar("T")
Pair = tuple[DataDirectory, Server | None]
Asked = dict[Server, Apart[Observed[replication.Testimony]] | None]


def look(
    data_directories: Sequence[str],
    connections: Sequence[Connection],
    deadline: Deadline,
    *,
    root: str = "/",
    sizes: bool = False,
) -> Node:
    """Every instance that runs here, and every data directory found here or named in ``data_directories``.

    ``root`` holds the ``proc``, ``sys`` and ``etc`` that are read. Never raises: what hangs or may not be read is
    Unknown, and leaves the others alone.
    """
    arrays = look_at_arrays(deadline, root)
    servers, paths = _survey(data_directories, deadline, root)
    running = servers.value if isinstance(servers, Known) else ()
    looks = _begin(running, paths, deadline, sizes=sizes)
    asked = ask(running, connections, deadline)
    pairs = each_once(each.result(deadline) for each in looks)
    told = _heard(asked, deadline)
    if isinstance(servers, Unknown):
        instances = tuple(instance.unseen(directory, servers.why) for directory, _ in pairs)
    else:
        instances = tuple(_instance(directory, server, told) for directory, server in pairs)
    return Node(host_name(), instances, _flat(arrays.result(deadline)), now())


def instances_of(
    pairs: Sequence[Pair], connections: Sequence[Connection], deadline: Deadline, asked: Asked | None = None
) -> tuple[Instance, ...]:
    """The instances of directories that have been looked at, in order; live ones not ``asked`` yet are asked now."""
    asked = asked or {}
    others = [server for _, server in pairs if server is not None and server not in asked]
    told = _heard({**asked, **ask(others, connections, deadline)}, deadline)
    return tuple(_instance(directory, server, told) for directory, server in pairs)


def look_at_arrays(deadline: Deadline, root: str = "/") -> Apart[Arrays]:
    """Begin to read the arrays: what /proc and /sys have of them may hang like any other file."""
    return Apart(partial(arrays_there, deadline, root))


def of(instances: tuple[Instance, ...], arrays: Apart[Arrays], deadline: Deadline) -> Node:
    """The node with just these instances, and its arrays."""
    return Node(host_name(), instances, _flat(arrays.result(deadline)), now())


def host_name() -> str:
    """The short host name, as the operator types it."""
    return socket.gethostname().partition(".")[0]


def now() -> float:
    return time.time()


def _survey(
    data_directories: Sequence[str], deadline: Deadline, root: str
) -> tuple[Observed[tuple[Server, ...]], tuple[str, ...]]:
    """The live servers, and the data directories found on disk. They may take half of the time."""
    from guardsh.observe import discovery

    half = Deadline(deadline.left() / 2)
    scan = Apart(partial(processes.servers, os.path.join(root, "proc")))
    find = Apart(partial(discovery.data_directories, root, tuple(data_directories)))
    servers, found = scan.result(half), find.result(half)
    return servers, found.value if isinstance(found, Known) else tuple(data_directories)


def directories(running: Sequence[Server], paths: Iterable[str], deadline: Deadline) -> tuple[Pair, ...]:
    """Looks at the servers' directories first, then at those that no server has; each once, and apart."""
    return each_once(each.result(deadline) for each in _begin(running, paths, deadline))


@dataclass(frozen=True, slots=True)
class _Look:
    """A directory that is being looked at, and perhaps measured: apart, since a look must not wait for an estimate."""

    path: str
    server: Server | None
    work: Apart[DataDirectory]
    measure: Apart[Size] | None

    def result(self, deadline: Deadline) -> Pair:
        looked = self.work.result(deadline)
        directory = looked.value if isinstance(looked, Known) else self._unseen(looked.why)
        if self.measure is not None:
            directory = replace(directory, size=self.measure.result(deadline))
        return directory, self.server

    def _unseen(self, why: str) -> DataDirectory:
        hidden = data_directory.unseen(self.path, why)
        return replace(hidden, place=self.server.directory) if self.server and self.server.directory else hidden


def _begin(running: Sequence[Server], paths: Iterable[str], deadline: Deadline, *, sizes: bool = False) -> list[_Look]:
    wanted: list[tuple[str, Server | None]] = [(path_of(server), server) for server in running]
    wanted += [(path, None) for path in paths]
    return [
        _Look(
            path,
            server,
            Apart(partial(data_directory.look, path, server)),
            Apart(partial(data_directory.size, path, _budget(deadline))) if sizes else None,
        )
        for path, server in wanted
    ]


def _budget(deadline: Deadline) -> Deadline:
    """Less than is left, so that an estimate comes home."""
    return Deadline(deadline.left() * 0.6)


def path_of(server: Server) -> str:
    """Where its data directory is, as far as this account can tell."""
    if server.directory is not None:
        return server.directory.path
    given = server.directory_argument or ""
    return given if os.path.isabs(given) else f"/proc/{server.pid}/cwd"


def each_once(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """A directory that two paths lead to is kept where it came first: with its server."""
    kept: list[Pair] = []
    known: set[object] = set()
    for directory, server in pairs:
        place = directory.place
        if place.path not in known and (place.identity is None or place.identity not in known):
            kept.append((directory, server))
        known |= {place.path, place.identity}
    return tuple(kept)


def ask(running: Sequence[Server], connections: Sequence[Connection], deadline: Deadline) -> Asked:
    """Begin to ask every server that can answer; None for one that is suspended."""
    if len(running) > 1:
        database.load()
    return {
        server: None if server.suspended else Apart(partial(_talk, server, connections, deadline)) for server in running
    }


def _talk(server: Server, connections: Sequence[Connection], deadline: Deadline) -> Observed[replication.Testimony]:
    conninfo = next((each.conninfo for each in connections if _is_of(each, server.directory)), None)
    answers = database.session(server, conninfo, replication.STATEMENTS, deadline)
    return answers if isinstance(answers, Unknown) else Known(replication.hear(answers.value), answers.source)


def _is_of(connection: Connection, place: Place | None) -> bool:
    if place is None:
        return False
    try:
        status = os.stat(connection.directory)
    except OSError:
        return connection.directory == place.path
    return place.identity == (status.st_dev, status.st_ino)


def _heard(asked: Asked, deadline: Deadline) -> dict[Server, Observed[replication.Testimony]]:
    return {
        server: Unknown("not asked: its postmaster is suspended") if work is None else _flat(work.result(deadline))
        for server, work in asked.items()
    }


def _instance(
    directory: DataDirectory, server: Server | None, told: dict[Server, Observed[replication.Testimony]]
) -> Instance:
    sql = Unknown("no server to ask") if server is None else told[server]
    return instance.combine(directory, server, sql)


def arrays_there(deadline: Deadline, root: str) -> Arrays:
    """md's, and what else keeps data on several devices. It may hang."""
    from guardsh.observe import pools, storage

    found = storage.arrays(root)
    if isinstance(found, Unknown):
        return found
    return Known((*found.value, *pools.arrays(deadline, root)), found.source)


def _flat(result: Observed[Observed[T]]) -> Observed[T]:
    """What a child found, or why there is nothing from it."""
    return result if isinstance(result, Unknown) else result.value
