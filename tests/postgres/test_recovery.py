"""Every kind of recovery, and copies that were never started: who follows whom, and who may be the only one left."""

from __future__ import annotations

import os
import signal
import time
from glob import glob

import pytest

from guardsh.model.data_directory import Contents
from guardsh.model.instance import Role, State
from guardsh.operations.lab import Lab, LabServer
from tests.postgres.lab import known, pair, part, replication, seen, why, witness

_WAITS_FOR_EVER = "it has neither primary_conninfo nor restore_command: it waits for WAL for ever"


def _copy(lab: Lab, of: LabServer, *options: str) -> LabServer:
    """A base backup that could be started beside its source."""
    copy = lab.add("copy")
    lab.copy(of, copy.directory, *options)
    copy.configure({"port": str(copy.port), "unix_socket_directories": lab.sockets, "cluster_name": "copy"})
    return copy


def test_crash_recovery_of_a_primary(every_lab: Lab) -> None:
    primary = every_lab.primary(settings={"max_wal_size": "4GB", "checkpoint_timeout": "1h"})
    primary.sql("checkpoint; create table t as select n, repeat('x', 100) from generate_series(1, 400000) n")
    primary.crash()
    primary.start(wait=False)
    startup = primary.child("startup recovering")
    os.kill(startup, signal.SIGSTOP)  # its redo takes as long as we look
    found = seen(primary)
    assert part(found) == (Role.PRIMARY, State.STARTING)
    assert why(witness(found, "sql")) == "the database system is starting up"
    assert why(witness(found, "processes")).startswith("startup is running")
    os.kill(startup, signal.SIGCONT)


def test_point_in_time_recovery_may_be_the_only_copy(every_lab: Lab) -> None:
    copy = _copy(every_lab, every_lab.primary())
    copy.touch("recovery.signal")
    settings = {"restore_command": "false", "recovery_target": "immediate", "recovery_target_action": "pause"}
    copy.configure(settings)
    copy.start()
    found = seen(copy)
    assert part(found) == (Role.RECOVERING, State.RUNNING)
    assert known(witness(found, "signal files")) is Role.RECOVERING
    assert known(replication(found).receiver) is None
    assert found.warnings == ()
    copy.stop()
    assert part(seen(copy)) == (Role.RECOVERING, State.STOPPED)


def test_restored_and_never_started(every_lab: Lab) -> None:
    copy = _copy(every_lab, every_lab.primary())
    found = seen(copy)
    assert known(found.directory.contents) is Contents.RESTORED
    assert why(found.role).startswith("never started: ")
    assert known(found.state) is State.STOPPED


def test_copy_of_a_replica_brings_its_signal_file_and_was_never_started(lab: Lab) -> None:
    copy = _copy(lab, pair(lab).replica)
    found = seen(copy)
    assert "standby.signal" in known(found.directory.files)
    assert why(found.role).startswith("never started: ")


def test_killed_base_backup(lab: Lab) -> None:
    primary = lab.primary()
    copy = lab.add("copy")
    source = ("-h", lab.sockets, "-p", str(primary.port), "-U", "postgres")
    command = ("-D", copy.directory, "-c", "fast", "-X", "stream", "--max-rate", "6M")
    backup = lab.start("pg_basebackup", *source, *command, log=copy.log)
    _await(copy.path("base", "1", "*"))
    [writer] = _children(backup.pid)  # streams WAL, and survives its parent
    backup.kill()
    backup.wait()
    try:
        found = seen(copy)
        assert known(found.directory.contents) is Contents.INCOMPLETE
        assert why(found.role).startswith("incomplete, no instance: ")
        assert found.directory.writers == (writer,)
        assert found.warnings == (f"no server runs on it, but process {writer} has files open below it",)
    finally:
        os.kill(writer, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def _await(pattern: str) -> None:
    end = time.monotonic() + 20
    while not any(map(os.path.getsize, glob(pattern))):
        assert time.monotonic() < end, pattern
        time.sleep(0.02)


def test_standby_without_a_source_and_without_wal_never_gets_ready(lab: Lab) -> None:
    copy = _copy(lab, lab.primary(), "-X", "none")
    copy.touch("standby.signal")
    copy.start(wait=False)
    copy.child("startup waiting")
    found = seen(copy)
    assert part(found) == (Role.RECOVERING, State.STARTING)
    assert found.warnings == (_WAITS_FOR_EVER,)


def test_standby_without_a_source_waits_for_ever(lab: Lab) -> None:
    copy = _copy(lab, lab.primary())
    copy.touch("standby.signal")
    copy.start()
    found = seen(copy)
    assert part(found) == (Role.RECOVERING, State.RUNNING)
    assert found.warnings == (_WAITS_FOR_EVER,)
    copy.stop()
    stopped = seen(copy)
    assert part(stopped) == (Role.RECOVERING, State.STOPPED)
    assert stopped.warnings == (_WAITS_FOR_EVER,)


def test_standby_from_an_archive_has_no_walreceiver(lab: Lab) -> None:
    copy = _copy(lab, lab.primary())
    copy.touch("standby.signal")
    copy.configure({"restore_command": "false"})
    copy.start()
    found = seen(copy)
    assert part(found) == (Role.RECOVERING, State.RUNNING)
    assert found.warnings == ()
    copy.stop()
    assert part(seen(copy)) == (Role.REPLICA, State.STOPPED)


@pytest.mark.parametrize("titles", ["on", "off"])
def test_replica_without_hot_standby(every_lab: Lab, titles: str) -> None:
    """Nobody may connect; the title of its walreceiver tells, unless titles are off: then it may be the only copy."""
    primary = every_lab.primary()
    replica = every_lab.replica(primary, settings={"hot_standby": "off", "update_process_title": titles})
    primary.sql("create table t()")
    if titles == "on":
        replica.child("walreceiver streaming")
    found = seen(replica)
    assert why(witness(found, "sql")) == "hot standby is switched off"
    assert part(found) == (Role.REPLICA if titles == "on" else Role.RECOVERING, State.RUNNING)


def test_titles_without_activity_still_name_a_primary(lab: Lab) -> None:
    primary = lab.primary(settings={"update_process_title": "off"})
    assert known(witness(seen(primary), "processes")) is Role.PRIMARY


def test_replica_that_starts_is_not_yet_one(lab: Lab) -> None:
    """Between start and the first WAL it might as well have lost its primary."""
    both = pair(lab)
    both.replica.stop()
    both.primary.stop()
    both.replica.start()
    assert part(seen(both.replica)) == (Role.RECOVERING, State.RUNNING)


def test_base_backup_in_progress_is_no_standby(lab: Lab) -> None:
    primary = lab.primary()
    copy = lab.add("copy")
    source = ("-h", lab.sockets, "-p", str(primary.port), "-U", "postgres")
    backup = lab.start(
        "pg_basebackup", *source, "-D", copy.directory, "-c", "fast", "-X", "stream", "--max-rate", "1M", log=copy.log
    )
    try:
        primary.until("select count(*) from pg_stat_replication", "2")
        assert known(replication(seen(primary)).standbys) == ()
    finally:
        backup.send_signal(signal.SIGINT)
        backup.wait(20)
