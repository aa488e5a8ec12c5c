"""Role and state of a primary and its replica, in every way that they run and end, on every version."""

from __future__ import annotations

import os
import signal

from guardsh.model.instance import Instance, Role, State, only_copy
from guardsh.model.observed import Known
from guardsh.operations.lab import Lab
from tests.postgres.lab import Pair, known, pair, part, replication, seen, server_of, why, witness

PRIMARY = (Role.PRIMARY, State.RUNNING)
REPLICA = (Role.REPLICA, State.RUNNING)


def test_running_primary(every_pair: Pair) -> None:
    primary = seen(every_pair.primary)
    where = f"{every_pair.lab.sockets}:{every_pair.primary.port}"
    assert part(primary) == PRIMARY
    assert primary.role == Known(Role.PRIMARY, f"pg_is_in_recovery() = false on {where}; walwriter is running")
    assert [known(witness.role) for witness in primary.witnesses] == [Role.PRIMARY] * 4
    assert primary.warnings == ()


def test_running_replica(every_pair: Pair) -> None:
    replica = seen(every_pair.replica)
    assert part(replica) == REPLICA
    assert known(witness(replica, "sql")) is Role.REPLICA
    assert known(witness(replica, "signal files")) is Role.REPLICA
    assert known(witness(replica, "control file")) is Role.RECOVERING
    assert replica.warnings == ()


def test_every_part_of_replication_is_known(every_pair: Pair) -> None:
    primary, replica = replication(seen(every_pair.primary)), replication(seen(every_pair.replica))
    assert [standby.name for standby in known(primary.standbys)] == ["replica"]
    assert known(primary.receiver) is None
    receiver = known(replica.receiver)
    assert receiver is not None
    assert (receiver.status, receiver.host, receiver.port) == (
        "streaming",
        every_pair.lab.sockets,
        every_pair.primary.port,
    )
    for found in (primary, replica):
        assert known(found.slots) == ()
        assert known(found.archiver).mode == "off"
        assert known(found.clients) == 0
        assert known(found.timeline) == 1


def test_neither_of_a_pair_is_the_only_copy(every_pair: Pair) -> None:
    primary, replica = seen(every_pair.primary), seen(every_pair.replica)
    assert not known(only_copy(primary))
    assert not known(only_copy(replica))
    assert known(only_copy(primary, doomed=(primary, replica)))


def test_stopped_pair(every_lab: Lab) -> None:
    both = pair(every_lab)
    both.replica.stop()
    assert part(seen(both.replica)) == (Role.REPLICA, State.STOPPED)
    primary = seen(both.primary)
    assert part(primary) == PRIMARY
    assert known(only_copy(primary))
    both.primary.stop()
    stopped = seen(both.primary)
    assert part(stopped) == (Role.PRIMARY, State.STOPPED)
    assert stopped.role == Known(Role.PRIMARY, "pg_control says shut down; no signal file")
    assert not stopped.live


def test_killed_pair(every_lab: Lab) -> None:
    both = pair(every_lab)
    both.replica.crash()
    both.primary.crash()
    for server, role in ((both.primary, Role.PRIMARY), (both.replica, Role.REPLICA)):
        found = seen(server)
        assert part(found) == (role, State.CRASHED)
        assert "postmaster.pid" in known(found.directory.files)  # stale: nobody runs
        assert server_of(server) is None


def test_immediate_stop(lab: Lab) -> None:
    both = pair(lab)
    both.replica.stop("immediate")
    both.primary.stop("immediate")
    assert part(seen(both.primary)) == (Role.PRIMARY, State.CRASHED)
    assert part(seen(both.replica)) == (Role.REPLICA, State.CRASHED)


def test_promoted_replica_is_a_primary_on_its_new_timeline(every_lab: Lab) -> None:
    both = pair(every_lab)
    checkpointer = both.replica.child("checkpointer")
    os.kill(checkpointer, signal.SIGSTOP)  # the next checkpoint may be minutes away
    both.replica.promote()
    promoted = seen(both.replica)
    assert part(promoted) == PRIMARY
    assert known(promoted.directory.control).timeline == 1
    assert known(replication(promoted).timeline) == 2
    assert promoted.warnings == ()
    assert part(seen(both.primary)) == PRIMARY
    os.kill(checkpointer, signal.SIGCONT)


def test_a_replica_that_lost_its_primary_may_be_the_only_copy(lab: Lab) -> None:
    both = pair(lab)
    both.primary.stop("immediate")
    both.replica.until("select count(*) from pg_stat_wal_receiver", "0")
    left = seen(both.replica)
    assert part(left) == (Role.RECOVERING, State.RUNNING)
    assert known(only_copy(left))


def test_a_standby_signal_does_not_make_a_running_primary_a_replica(lab: Lab) -> None:
    primary = lab.primary()
    primary.touch("standby.signal")
    found = seen(primary)
    assert part(found) == PRIMARY
    assert found.warnings == (
        "standby.signal is there, although this is a running primary: its next start would be a recovery",
    )


def test_a_stopped_primary_with_a_standby_signal_is_not_known(lab: Lab) -> None:
    primary = lab.primary()
    primary.stop()
    primary.touch("standby.signal")
    assert why(seen(primary).role) == "pg_control says shut down, but standby.signal is there"


def test_a_replica_without_its_signal_file(lab: Lab) -> None:
    both = pair(lab)
    os.unlink(both.replica.path("standby.signal"))
    running: Instance = seen(both.replica)
    assert part(running) == REPLICA
    assert running.warnings == ("no signal file, although it is in recovery: its next start would be as a primary",)
    both.replica.stop()
    assert why(seen(both.replica).role) == "pg_control says shut down in recovery, but no signal file"
