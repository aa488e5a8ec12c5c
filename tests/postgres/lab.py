"""Real servers for the tests, and what guardsh says of them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TypeVar

from guardsh.model.instance import Instance, Replication, Role, Server, State
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.place import Identity
from guardsh.model.policy import Connection
from guardsh.observe import data_directory, node
from guardsh.operations.binaries import Binaries, installed
from guardsh.operations.lab import Lab, LabServer
from guardsh.system import processes
from guardsh.system.apart import Account, Deadline

T = TypeVar("T")

NOBODY = Account(65534, 65534)  # may read nothing of a server's, where servers run as postgres


@dataclass(frozen=True, slots=True)
class Pair:
    """A running primary and its streaming replica."""

    lab: Lab
    primary: LabServer
    replica: LabServer


def pair(lab: Lab) -> Pair:
    primary = lab.primary()
    replica = lab.replica(primary)
    primary.until("select count(*) from pg_stat_replication where replay_lsn is not null", "1")
    return Pair(lab, primary, replica)


def every_version() -> dict[str, Binaries]:
    """The server programs of this machine by major version; the first of each."""
    found: dict[str, Binaries] = {}
    for binaries in installed():
        found.setdefault(_major(binaries), binaries)
    return found


def _major(binaries: Binaries) -> str:
    """``postgres (PostgreSQL) 15.18 (Debian …)`` is of 15."""
    command = [binaries.path("postgres"), "--version"]
    shown = subprocess.run(command, env=dict(binaries.environment), capture_output=True, text=True, check=True).stdout
    return shown.split()[2].partition(".")[0]


def server_of(lab_server: LabServer) -> Server | None:
    """The live server of its data directory, as guardsh sees it."""
    return server_at(lab_server.directory)


def server_at(directory: str) -> Server | None:
    status = os.stat(directory)
    here = Identity(status.st_dev, status.st_ino)
    return next((each for each in processes.servers() if each.directory and each.directory.identity == here), None)


def seen(lab_server: LabServer, seconds: float = 2.0) -> Instance:
    """What guardsh says of one server of the lab."""
    return seen_at(lab_server.directory, seconds)


def seen_at(directory: str, seconds: float = 2.0) -> Instance:
    return _look(directory, (), seconds)


def seen_through(conninfo: str, directory: str) -> Instance:
    """The same, with a connection that policy names for the directory."""
    return _look(directory, (Connection(directory, conninfo),), 2.0)


def _look(directory: str, connections: tuple[Connection, ...], seconds: float) -> Instance:
    server = server_at(directory)
    [found] = node.instances_of([(data_directory.look(directory, server), server)], connections, Deadline(seconds))
    return found


def known(observed: Observed[T]) -> T:
    """The value; fails with the reason where there is none."""
    assert isinstance(observed, Known), observed
    return observed.value


def why(observed: Observed[object]) -> str:
    """The reason; fails where there is a value."""
    assert isinstance(observed, Unknown), observed
    return observed.why


def part(instance: Instance) -> tuple[Role | None, State | None]:
    """Role and state; None where not known."""
    role, state = instance.role, instance.state
    return (role.value if isinstance(role, Known) else None, state.value if isinstance(state, Known) else None)


def replication(instance: Instance) -> Replication:
    return known(instance.replication)


def witness(instance: Instance, name: str) -> Observed[Role]:
    return next(each.role for each in instance.witnesses if each.name == name)
