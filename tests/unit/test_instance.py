"""The rules that make a role of several witnesses, also where no real server can be brought to say such things."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from guardsh.model.data_directory import Contents, ControlFile, ControlState, DataDirectory
from guardsh.model.instance import Instance, Receiver, Replication, Role, Server, State
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.place import Identity, Place
from guardsh.observe import replication
from guardsh.observe.instance import combine, unseen
from guardsh.system.database import STARTING

HIDDEN = Unknown("permission denied")
WHERE = "/run/postgresql:5432"
PLACE = Place("/mnt/data/postgresql-14", Identity(1, 2))

PRIMARY = ("checkpointer", "walwriter", "autovacuum launcher")
REPLICA = ("checkpointer", "startup recovering 000000010000000000000003", "walreceiver streaming 0/3000060")
FLAPPING = ("checkpointer", "startup waiting for 000000010000000000000003", "walreceiver")
STARTUP = ("checkpointer", "startup recovering 000000010000000000000003")
NOTHING = ("checkpointer",)


def _directory(
    state: ControlState | None = ControlState.IN_PRODUCTION, *files: str, contents: Contents = Contents.CLUSTER
) -> DataDirectory:
    control: Observed[ControlFile] = HIDDEN if state is None else Known(ControlFile(1, 1300, state, 0, 1), "pg_control")
    return DataDirectory(
        place=PLACE,
        owner=1,
        contents=Known(contents, "seen"),
        version=Known("15", "PG_VERSION"),
        control=control,
        files=Known(frozenset(files), "listing"),
        primary_conninfo=Known("host=db-01", "postgresql.auto.conf"),
        restore_command=Known("", "postgresql.auto.conf"),
    )


def _server(titles: tuple[str, ...]) -> Server:
    return Server(7, 1, 0.0, PLACE, "/usr/bin/postgres", None, None, "/run/postgresql", 5432, titles, False)


def _sql(in_recovery: bool, receiver: Observed[Receiver | None] = HIDDEN) -> Observed[replication.Testimony]:
    said = Known(in_recovery, f"pg_is_in_recovery() = {str(in_recovery).lower()} on {WHERE}")
    return Known(
        replication.Testimony(WHERE, said, Replication(HIDDEN, HIDDEN, HIDDEN, receiver, HIDDEN, HIDDEN)), WHERE
    )


def _receiving(status: str) -> Observed[Receiver | None]:
    return Known(Receiver(status, "db-01", 5432, "", 0.1), "pg_stat_wal_receiver")


def _role(instance: Instance) -> Role | None:
    return instance.role.value if isinstance(instance.role, Known) else None


NO_SQL: Observed[replication.Testimony] = Unknown("too many clients")
STREAMING = _sql(True, _receiving("streaming"))


@pytest.mark.parametrize(
    ("titles", "sql", "role"),
    [
        (PRIMARY, _sql(False), Role.PRIMARY),
        (PRIMARY, NO_SQL, Role.PRIMARY),
        (NOTHING, _sql(False), Role.PRIMARY),
        (STARTUP, _sql(False), Role.PRIMARY),  # promoted a moment ago
        (REPLICA, STREAMING, Role.REPLICA),
        (REPLICA, NO_SQL, Role.REPLICA),
        (FLAPPING, STREAMING, Role.REPLICA),
        (FLAPPING, NO_SQL, Role.RECOVERING),
        (STARTUP, NO_SQL, Role.RECOVERING),
        (STARTUP, _sql(True, Known(None, "")), Role.RECOVERING),
        (REPLICA, _sql(True, Known(None, "")), Role.RECOVERING),
        (REPLICA, _sql(True, _receiving("waiting")), Role.RECOVERING),
        (REPLICA, _sql(True, _receiving("")), Role.REPLICA),  # may not see more than that there is one
        (NOTHING, NO_SQL, None),
    ],
)
def test_live(titles: tuple[str, ...], sql: Observed[replication.Testimony], role: Role | None) -> None:
    directory = _directory(ControlState.IN_ARCHIVE_RECOVERY, "standby.signal")
    assert _role(combine(directory, _server(titles), sql)) is role


def test_live_witnesses_that_disagree_leave_the_role_unknown() -> None:
    found = combine(_directory(), _server(REPLICA), _sql(False))
    assert found.role == Unknown(f"pg_is_in_recovery() = false on {WHERE}, but walreceiver is streaming")
    found = combine(_directory(), _server(PRIMARY), STREAMING)
    assert found.role == Unknown(
        f"pg_is_in_recovery() = true on {WHERE}; streaming from db-01:5432, but walwriter is running"
    )


@pytest.mark.parametrize(
    "title", ["walwriter db [local] idle", "walwriter db 10.0.0.1(5) idle", "autovacuum launcher db [local] idle"]
)
def test_session_of_a_user_with_a_telling_name_tells_nothing(title: str) -> None:
    assert _role(combine(_directory(), _server((title,)), NO_SQL)) is None


@pytest.mark.parametrize("title", ["walreceiver streaming 0/30 [local] idle", "walreceiver db [local] streaming 0/30"])
def test_session_does_not_pass_for_a_walreceiver(title: str) -> None:
    """Databases may be called anything, too: streaming 0/30."""
    directory = _directory(ControlState.IN_ARCHIVE_RECOVERY, "standby.signal")
    assert _role(combine(directory, _server((*STARTUP, title)), NO_SQL)) is Role.RECOVERING


def test_crash_recovery_needs_every_file_to_say_so() -> None:
    server = _server(STARTUP)
    recovering = _directory(ControlState.IN_CRASH_RECOVERY)
    found = combine(recovering, server, Unknown(STARTING))
    assert _role(found) is Role.PRIMARY
    assert found.state == Known(State.STARTING, STARTING)
    assert _role(combine(replace(recovering, files=HIDDEN), server, NO_SQL)) is None
    assert _role(combine(replace(recovering, control=HIDDEN), server, NO_SQL)) is None
    assert _role(combine(_directory(ControlState.IN_ARCHIVE_RECOVERY), server, NO_SQL)) is None


@pytest.mark.parametrize(
    ("state", "files", "role"),
    [
        (ControlState.SHUT_DOWN, (), Role.PRIMARY),
        (ControlState.SHUTTING_DOWN, (), Role.PRIMARY),
        (ControlState.IN_PRODUCTION, (), Role.PRIMARY),
        (ControlState.IN_CRASH_RECOVERY, (), Role.PRIMARY),
        (ControlState.STARTING_UP, (), Role.PRIMARY),
        (ControlState.SHUT_DOWN_IN_RECOVERY, ("standby.signal",), Role.REPLICA),
        (ControlState.IN_ARCHIVE_RECOVERY, ("standby.signal",), Role.REPLICA),
        (ControlState.IN_ARCHIVE_RECOVERY, ("recovery.conf",), Role.REPLICA),
        (ControlState.IN_ARCHIVE_RECOVERY, ("recovery.signal",), Role.RECOVERING),
        (ControlState.IN_ARCHIVE_RECOVERY, ("recovery.signal", "standby.signal"), Role.REPLICA),  # standby wins: xlog.c
        (ControlState.SHUT_DOWN_IN_RECOVERY, (), None),
        (ControlState.SHUT_DOWN, ("standby.signal",), None),
        (ControlState.IN_PRODUCTION, ("standby.signal",), None),
        (None, (), None),
        (None, ("standby.signal",), None),
    ],
)
def test_stopped(state: ControlState | None, files: tuple[str, ...], role: Role | None) -> None:
    assert _role(combine(_directory(state, *files), None, NO_SQL)) is role


def test_stopped_replica_whose_source_may_not_be_read() -> None:
    standby = _directory(ControlState.SHUT_DOWN_IN_RECOVERY, "standby.signal")
    found = combine(replace(standby, primary_conninfo=HIDDEN), None, NO_SQL)
    assert _role(found) is Role.RECOVERING
    assert found.warnings == ("where it gets its WAL from is not known: permission denied",)


@pytest.mark.parametrize("contents", [contents for contents in Contents if contents is not Contents.CLUSTER])
def test_directory_without_an_instance_has_no_role(contents: Contents) -> None:
    found = combine(_directory(ControlState.IN_PRODUCTION, contents=contents), None, NO_SQL)
    assert _role(found) is None
    assert found.state == Known(State.STOPPED, "no server process")


def test_processes_not_seen_is_not_the_same_as_stopped() -> None:
    found = unseen(_directory(), "no answer in 1.0 s")
    assert found.role == found.state == found.replication == Unknown("no answer in 1.0 s")


_EVERY_TITLE = (PRIMARY, REPLICA, FLAPPING, STARTUP, NOTHING)
_EVERY_SQL = (NO_SQL, _sql(False), _sql(True), STREAMING, _sql(True, Known(None, "")))
_EVERY_STATE = (None, *ControlState)
_EVERY_FILE = ((), ("standby.signal",), ("recovery.signal",), ("standby.signal", "backup_label"))


@pytest.mark.parametrize("files", _EVERY_FILE)
@pytest.mark.parametrize("state", _EVERY_STATE)
def test_nothing_on_disk_makes_a_replica_of_a_live_primary(state: ControlState | None, files: tuple[str, ...]) -> None:
    for titles, sql in product(_EVERY_TITLE, _EVERY_SQL):
        role = _role(combine(_directory(state, *files), _server(titles), sql))
        if titles is PRIMARY or sql is _EVERY_SQL[1]:
            assert role in (Role.PRIMARY, None)
        if role is Role.REPLICA:
            assert titles is REPLICA or sql is STREAMING
