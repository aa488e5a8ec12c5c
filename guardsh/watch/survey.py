"""What the watcher looks at, in children of its own: where instances may be, and how those are that it knows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial

from guardsh.model.data_directory import DataDirectory
from guardsh.model.instance import Server
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.policy import Connection
from guardsh.model.storage import Arrays
from guardsh.observe import data_directory, node
from guardsh.system import processes
from guardsh.system.apart import Apart, Deadline, apart

_ASKING = 1.0  # seconds for the tools of LVM and ZFS, where there is something of theirs
Pair = tuple[DataDirectory, Server | None]


@dataclass(frozen=True, slots=True)
class Places:
    """Where data directories may be, and how servers are reached that need more than their own socket."""

    directories: tuple[str, ...]
    connections: tuple[Connection, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Everything on this node that is no answer of a server's."""

    servers: Observed[tuple[Server, ...]]
    pairs: tuple[Pair, ...]
    arrays: Arrays


def places(deadline: Deadline, root: str) -> Observed[Places]:
    """Read the configuration anew and search the usual places: in a child, which takes its memory with it."""
    return apart(partial(_places, root), deadline)


def look(directories: tuple[str, ...], deadline: Deadline, root: str) -> Look:
    """Every live server, every data directory, and the arrays. Never raises.

    All in one child, which is soon done; where something hangs, each in its own, so that the others are seen.
    """
    together = apart(partial(_together, directories, root), Deadline(deadline.left() / 2))
    return _each_apart(directories, deadline, root) if isinstance(together, Unknown) else together.value


def _together(directories: tuple[str, ...], root: str) -> Look:
    servers = processes.servers(os.path.join(root, "proc"))
    wanted = [(node.path_of(server), server) for server in servers] + [(path, None) for path in directories]
    pairs = node.each_once((data_directory.look(path, server), server) for path, server in wanted)
    return Look(Known(servers, "/proc"), pairs, _arrays(root))


def _each_apart(directories: tuple[str, ...], deadline: Deadline, root: str) -> Look:
    reading = Apart(partial(_arrays, root))
    half = Deadline(deadline.left() / 2)
    servers = apart(partial(processes.servers, os.path.join(root, "proc")), half)
    pairs = node.directories(() if isinstance(servers, Unknown) else servers.value, directories, deadline)
    seen = reading.result(deadline)
    return Look(servers, pairs, seen if isinstance(seen, Unknown) else seen.value)


def _places(root: str) -> Places:
    from guardsh.observe import discovery
    from guardsh.policy import config

    policy = config.in_force()
    found = discovery.data_directories(root, policy.data_directories)
    return Places(found, policy.connections)


def arrays(deadline: Deadline, root: str) -> Arrays:
    """The arrays alone."""
    seen = apart(partial(_arrays, root), deadline)
    return seen if isinstance(seen, Unknown) else seen.value


def _arrays(root: str) -> Arrays:
    return node.arrays_there(Deadline(_ASKING), root)
