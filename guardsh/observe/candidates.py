"""The data directories that a command may concern, each with its server: those near its targets, and the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from guardsh.model.data_directory import DataDirectory
from guardsh.model.instance import Server
from guardsh.model.observed import Known, Unknown
from guardsh.model.place import Place
from guardsh.observe import data_directory, discovery, node, outlying
from guardsh.observe.paths import below, lineage
from guardsh.system.apart import Apart, Deadline, side_by_side
from guardsh.system.proc import identity


def is_near(server: Server, places: Iterable[tuple[Place, ...]]) -> bool:
    """Whether one of the places (each with the directories above it) is inside or above a server's data directory."""
    here = server.directory
    return here is not None and any(
        below(way, here) is not None or below(lineage(here.path), way[0]) is not None for way in places
    )


def near(paths: Iterable[str], servers: Sequence[Server], deadline: Deadline) -> list[node.Pair]:
    """What lies at each path, looked at apart and side by side: one that hangs is unknown, and leaves the others."""
    wanted = [(path, _server_at(path, servers)) for path in dict.fromkeys(map(os.path.realpath, paths))]
    looks = side_by_side([partial(_look, path, server) for path, server in wanted], deadline)
    return [
        (looked.value if isinstance(looked, Known) else data_directory.unseen(path, looked.why), server)
        for (path, server), looked in zip(wanted, looks, strict=True)
    ]


class Others:
    """A look, under way in one child process, at what is not near: parts of it may lie where the command reaches."""

    def __init__(self, servers: Sequence[Server], configured: tuple[str, ...]) -> None:
        self._work = Apart(partial(_all, servers, configured))

    def result(self, deadline: Deadline, doubts: list[str]) -> list[node.Pair]:
        """The directories, or none and a sentence among the ``doubts``."""
        seen = self._work.result(deadline)
        if isinstance(seen, Unknown):
            doubts.append(f"could not look at the other instances of this node: {seen.why}")
            return []
        return seen.value


def _all(servers: Sequence[Server], configured: tuple[str, ...]) -> list[node.Pair]:
    running = [(node.path_of(server), server) for server in servers]
    stopped = [(path, _server_at(path, servers)) for path in discovery.data_directories("/", configured)]
    return [(_look(path, server), server) for path, server in dict.fromkeys((*running, *stopped))]


def _look(path: str, server: Server | None) -> DataDirectory:
    """At this path, even where its server reaches it by another one (a bind mount)."""
    looked = data_directory.look(path, server)
    if server is None or path.startswith("/proc/"):
        return looked
    return replace(looked, place=Place(os.path.realpath(path), looked.place.identity))


def _server_at(path: str, servers: Sequence[Server]) -> Server | None:
    here = identity(path)
    for server in servers:
        if server.directory is not None:
            if here is not None and server.directory.identity == here:
                return server
        elif outlying.resolved(node.path_of(server)).path == outlying.resolved(path).path:
            return server
    return None
