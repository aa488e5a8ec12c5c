"""Where an instance's files lie: behind links, on other places, several on one node, on a file system that hangs."""

from __future__ import annotations

import os
import shutil
import time

import pytest

from guardsh.model.data_directory import Contents
from guardsh.model.instance import Instance, Role, State
from guardsh.model.node import Node
from guardsh.model.observed import Unknown
from guardsh.observe import node
from guardsh.operations.lab import Lab, LabServer
from guardsh.system.apart import Deadline
from tests.postgres.lab import known, pair, part, replication, seen, seen_at, why


def _of(found: Node, server: LabServer) -> Instance:
    return next(each for each in found.instances if each.directory.place.path == server.directory)


def _paths(instance: Instance) -> set[str]:
    return {place.path for place in instance.directory.links}


def test_symlinked_data_directory(lab: Lab) -> None:
    primary = lab.add("primary")
    real = os.path.join(lab.directory, "volume")
    lab.initialise(real)
    os.symlink(real, primary.directory)
    primary.configure({"listen_addresses": "", "unix_socket_directories": lab.sockets, "port": str(primary.port)})
    primary.start()
    found = seen(primary)
    assert part(found) == (Role.PRIMARY, State.RUNNING)
    assert found.directory.place.path == real
    assert _paths(found) == {primary.directory}
    primary.stop()
    assert seen(primary).directory.place == found.directory.place


def test_wal_and_tablespace_elsewhere(lab: Lab) -> None:
    primary = lab.primary()
    space = os.path.join(lab.directory, "space")
    os.mkdir(space)
    lab.give(space)
    primary.sql(f"create tablespace t location '{space}'")
    primary.stop()
    wal = os.path.join(lab.directory, "wal")
    shutil.move(primary.path("pg_wal"), wal)
    os.symlink(wal, primary.path("pg_wal"))
    primary.start()
    found = seen(primary)
    assert part(found) == (Role.PRIMARY, State.RUNNING)
    assert found.directory.wal is not None
    assert found.directory.wal.path == wal
    assert [place.path for place in found.directory.tablespaces] == [space]
    assert primary.path("pg_wal") in _paths(found)


def test_moved_while_it_runs(lab: Lab) -> None:
    """-D and postmaster.pid still have the old path; the kernel knows."""
    primary = lab.primary()
    aside = os.path.join(lab.directory, "aside")
    os.rename(primary.directory, aside)
    assert part(seen_at(aside)) == (Role.PRIMARY, State.RUNNING)
    os.rename(aside, primary.directory)


def test_several_instances_of_one_node(lab: Lab) -> None:
    both = pair(lab)
    stopped = lab.primary("stopped")
    stopped.stop()
    link = os.path.join(lab.directory, "link")
    os.symlink(both.primary.directory, link)
    found = node.look((stopped.directory, link), (), Deadline(3), sizes=True)
    assert part(_of(found, both.primary)) == (Role.PRIMARY, State.RUNNING)
    assert part(_of(found, both.replica)) == (Role.REPLICA, State.RUNNING)
    assert part(_of(found, stopped)) == (Role.PRIMARY, State.STOPPED)
    assert len(found.instances) == len({each.directory.place.identity for each in found.instances})
    size = _of(found, stopped).directory.size
    assert size is not None
    assert known(size).complete
    assert known(size).bytes > 20 << 20
    assert found.host == os.uname().nodename.partition(".")[0]


def test_two_unrelated_primaries_do_not_vouch_for_each_other(lab: Lab) -> None:
    one, other = lab.primary("one"), lab.primary("other")
    found = node.look((), (), Deadline(3))
    for server in (one, other):
        assert part(_of(found, server)) == (Role.PRIMARY, State.RUNNING)
        assert known(replication(_of(found, server)).standbys) == ()


def test_directory_that_hangs_leaves_the_others_alone(lab: Lab) -> None:
    """Opening a named pipe that nobody writes to waits for ever, as a dead NFS server would."""
    primary, hanging = lab.primary(), lab.primary("hanging")
    hanging.stop()
    os.unlink(hanging.path("PG_VERSION"))
    os.mkfifo(hanging.path("PG_VERSION"))
    began = time.monotonic()
    found = node.look((hanging.directory,), (), Deadline(1.5))
    assert time.monotonic() - began < 2.5
    assert part(_of(found, primary)) == (Role.PRIMARY, State.RUNNING)
    assert known(_of(found, primary).replication)
    assert why(_of(found, hanging).role) == "no answer in 1.5 s"
    assert isinstance(_of(found, hanging).state, Unknown)


def test_server_whose_directory_hangs_is_still_asked(lab: Lab) -> None:
    hanging = lab.primary("hanging")
    os.unlink(hanging.path("PG_VERSION"))
    os.mkfifo(hanging.path("PG_VERSION"))
    everything = node.look((hanging.directory,), (), Deadline(1.5))
    assert [each.directory.place.path for each in everything.instances].count(hanging.directory) == 1
    found = _of(everything, hanging)
    assert part(found) == (Role.PRIMARY, State.RUNNING)
    assert why(found.directory.contents) == "no answer in 1.5 s"
    assert found.directory.place.identity is not None


def test_processes_that_cannot_be_listed(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without /proc any directory may be alive."""
    stopped = lab.primary()
    stopped.stop()
    root = tmp_path_factory.mktemp("root")
    found = node.look((stopped.directory,), (), Deadline(2), root=str(root))
    [instance] = found.instances
    assert isinstance(instance.role, Unknown)
    assert isinstance(instance.state, Unknown)
    assert known(instance.directory.contents) is Contents.CLUSTER
