"""What hangs on a primary: standbys that count and those that do not, slots, the archive, clients."""

from __future__ import annotations

import time

import psycopg
import pytest

from guardsh.model.instance import Slot, only_copy
from guardsh.model.observed import Unknown
from guardsh.operations.lab import Lab
from tests.postgres.lab import Pair, known, replication, seen, seen_through, why


def test_wal_receiver_program_is_no_standby(every_lab: Lab) -> None:
    """pg_receivewal never replays."""
    primary = every_lab.primary()
    source = ("-h", every_lab.sockets, "-p", str(primary.port), "-U", "postgres")
    receiver = every_lab.start("pg_receivewal", *source, "-D", every_lab.sockets, log=primary.log)
    try:
        primary.until("select count(*) from pg_stat_replication where state = 'streaming'", "1")
        found = seen(primary)
        assert known(replication(found).standbys) == ()
        assert known(only_copy(found))
    finally:
        receiver.kill()
        receiver.wait()


def test_logical_subscriber_is_no_standby(every_lab: Lab) -> None:
    """It has a replay position, but not the data directory."""
    publisher = every_lab.primary("publisher", settings={"wal_level": "logical"})
    subscriber = every_lab.primary("subscriber")
    publisher.sql("create table t(); create publication pub for table t")
    subscriber.sql("create table t()")
    source = f"host={every_lab.sockets} port={publisher.port} user=postgres dbname=postgres"
    subscriber.sql(f"create subscription sub connection '{source}' publication pub")
    publisher.until("select count(*) from pg_stat_replication where replay_lsn is not null", "1")
    found = seen(publisher)
    assert known(replication(found).standbys) == ()
    assert known(only_copy(found))
    assert [(slot.name, slot.kind, slot.active) for slot in known(replication(found).slots)] == [
        ("sub", "logical", True)
    ]


def test_slot_of_a_lost_standby_says_how_much_is_kept(every_lab: Lab) -> None:
    primary = every_lab.primary()
    primary.sql("select pg_create_physical_replication_slot('db_02', true)")
    primary.sql("create table t as select repeat('x', 1000) from generate_series(1, 20000)")
    [slot] = known(replication(seen(primary)).slots)
    assert slot == Slot("db_02", "physical", False, slot.retained)
    assert slot.retained is not None
    assert slot.retained > 1 << 20


def test_failing_archiver_with_figures(every_lab: Lab) -> None:
    began = time.time()
    primary = every_lab.primary(settings={"archive_mode": "on", "archive_command": "false"})
    for name in ("a", "b", "c"):
        primary.sql(f"create table {name}()")
        primary.sql("select pg_switch_wal()")
    primary.until("select failed_count > 0 from pg_stat_archiver")
    archiver = known(replication(seen(primary)).archiver)
    assert (archiver.mode, archiver.configured) == ("on", True)
    assert archiver.last_archived is None
    assert (archiver.waiting, archiver.waiting_bytes) == (3, 3 * (16 << 20))
    assert archiver.failing_since is not None
    assert began - 2 < archiver.failing_since < time.time()


def test_working_archiver(lab: Lab) -> None:
    primary = lab.primary(settings={"archive_mode": "on", "archive_command": "true"})
    primary.sql("create table t()")
    primary.sql("select pg_switch_wal()")
    primary.until("select archived_count > 0 from pg_stat_archiver")
    archiver = known(replication(seen(primary)).archiver)
    assert archiver.failing_since is None
    assert archiver.last_archived is not None
    assert archiver.waiting == 0


def test_archive_mode_without_a_command(lab: Lab) -> None:
    archiver = known(replication(seen(lab.primary(settings={"archive_mode": "on"}))).archiver)
    assert (archiver.mode, archiver.configured, archiver.failing_since) == ("on", False, None)


def test_archive_library(every_lab: Lab) -> None:
    primary = every_lab.primary()
    if int(primary.sql("select current_setting('server_version_num')")) < 150000:
        pytest.skip("archive_library is of 15")
    primary.configure({"archive_mode": "on", "archive_library": "basic_archive"})
    primary.stop()
    primary.start()
    archiver = known(replication(seen(primary)).archiver)
    assert (archiver.mode, archiver.configured) == ("on", True)


def test_other_sessions_are_clients(every_pair: Pair) -> None:
    where = {"host": every_pair.lab.sockets, "port": every_pair.primary.port, "user": "postgres"}
    with psycopg.connect(**where), psycopg.connect(**where, dbname="template1"):  # type: ignore[arg-type]
        assert known(replication(seen(every_pair.primary)).clients) == 2


def test_account_without_pg_monitor_sees_the_role_and_no_more(every_lab: Lab) -> None:
    primary = every_lab.primary()
    every_lab.replica(primary)
    primary.until("select count(*) from pg_stat_replication where replay_lsn is not null", "1")
    primary.sql("create role plain login")
    with psycopg.connect(host=every_lab.sockets, port=primary.port, user="postgres", dbname="postgres"):
        found = seen_through(
            f"host={every_lab.sockets} port={primary.port} user=plain dbname=postgres", primary.directory
        )
    assert known(found.role).value == "primary"
    parts = replication(found)
    assert "pg_monitor" in why(parts.standbys)
    assert "pg_monitor" in why(parts.clients)
    assert known(parts.archiver).waiting is None
    assert isinstance(only_copy(found), Unknown)
