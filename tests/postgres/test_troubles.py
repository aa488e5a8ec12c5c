"""Servers that do not answer, or not to us; files that lie about them. What is not known is said, and in time."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import LiteralString

import psycopg
import pytest

from guardsh.model.instance import Instance, Role, Server, State, only_copy
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.observe import data_directory, node
from guardsh.operations.lab import Lab, LabError, LabServer
from guardsh.system import database
from guardsh.system.apart import Deadline, apart
from tests.postgres.lab import (
    NOBODY,
    known,
    pair,
    part,
    replication,
    seen,
    seen_through,
    server_of,
    why,
    witness,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")


def _live(server: LabServer) -> Server:
    found = server_of(server)
    assert found is not None
    return found


def test_stale_postmaster_pid_of_another_process(lab: Lab) -> None:
    """A process id that came round again, of the same account: pg_ctl status would say that the server runs."""
    primary = lab.primary()
    primary.crash()
    uid = lab.account.uid if lab.account else None
    with subprocess.Popen(["sleep", "60"], user=uid) as other:
        _replace_first_line(primary.path("postmaster.pid"), str(other.pid))
        found = seen(primary)
        other.kill()
    assert part(found) == (Role.PRIMARY, State.CRASHED)
    assert not found.live


def _replace_first_line(path: str, line: str) -> None:
    with open(path, encoding="utf-8") as file:
        _, *rest = file.read().splitlines()
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([line, *rest]) + "\n")


def test_zombie_postmaster_is_not_alive(lab: Lab) -> None:
    """kill(pid, 0) would say that it is."""
    primary = lab.primary()
    for pid in primary.family():
        os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, primary.pid, os.WEXITED | os.WNOWAIT)  # it is our own child, not yet reaped
    os.kill(primary.pid, 0)
    found = seen(primary)
    assert part(found) == (Role.PRIMARY, State.CRASHED)
    assert not found.live


def test_suspended_postmaster_is_not_waited_for(every_lab: Lab) -> None:
    both = pair(every_lab)
    both.replica.child("walreceiver")
    both.primary.suspend()
    began = time.monotonic()
    found = seen(both.primary)
    assert time.monotonic() - began < 1
    assert part(found) == (Role.PRIMARY, State.RUNNING)
    assert found.role == Known(Role.PRIMARY, "walwriter is running")
    assert why(found.replication) == "not asked: its postmaster is suspended"
    assert isinstance(only_copy(found), Unknown)
    assert "suspended" in found.warnings[0]
    both.primary.resume()


def test_hung_server_costs_the_deadline_and_no_more(lab: Lab) -> None:
    """As a postmaster would be that hangs in the kernel: not stopped, and not answering."""
    primary = lab.primary()
    server = _live(primary)
    primary.suspend()
    began = time.monotonic()
    looked = data_directory.look(primary.directory, server)
    [found] = node.instances_of([(looked, replace(server, suspended=False))], (), Deadline(0.7))
    assert 0.7 <= time.monotonic() - began < 1.5
    assert why(found.replication) == "no answer in 0.7 s"
    assert part(found) == (Role.PRIMARY, State.RUNNING)


def test_connections_exhausted(every_lab: Lab) -> None:
    primary = every_lab.primary(settings={"max_connections": "6", "superuser_reserved_connections": "1"})
    with ExitStack() as sessions:
        for _ in range(6):
            sessions.enter_context(psycopg.connect(host=every_lab.sockets, port=primary.port, user="postgres"))
        found = seen(primary)
    assert why(found.replication) == "too many clients"
    assert part(found) == (Role.PRIMARY, State.RUNNING)


def _let_in(primary: LabServer, rule: str) -> None:
    with open(primary.path("pg_hba.conf"), "w", encoding="utf-8") as file:
        file.write(f"{rule}\n")
    primary.stop()
    primary.start()


@pytest.mark.parametrize("rule", ["local all all reject", "local all all scram-sha-256"])
def test_authentication_refused(every_lab: Lab, rule: str) -> None:
    primary = every_lab.primary()
    _let_in(primary, rule)
    found = seen(primary)
    assert why(found.replication).startswith("authentication refused: ")
    assert part(found) == (Role.PRIMARY, State.RUNNING)


@as_root
def test_root_becomes_the_owner_for_peer_authentication(every_lab: Lab) -> None:
    primary = every_lab.primary()
    owner = _owner(every_lab)
    if owner != "postgres":
        primary.sql(f"create role {owner} superuser login")
    _let_in(primary, "local all all peer")
    assert known(replication(seen(primary)).clients) == 0


def _owner(lab: Lab) -> str:
    assert lab.account is not None
    return pwd.getpwuid(lab.account.uid).pw_name


def test_neither_role_nor_database_of_the_usual_names(lab: Lab) -> None:
    """The superuser may have any name; then policy has to tell."""
    primary = lab.primary()
    primary.sql("create role boss superuser login")
    primary.sql("alter role postgres nologin; alter database postgres rename to other", database="template1")
    assert "postgres" in why(seen(primary).replication)
    conninfo = f"host={lab.sockets} port={primary.port} user=boss dbname=other"
    assert part(seen_through(conninfo, primary.directory)) == (Role.PRIMARY, State.RUNNING)
    assert known(seen_through(conninfo, primary.directory).replication)
    assert why(seen_through("host", primary.directory).replication) == (
        "the configured conninfo is not a connection string"
    )


def test_database_postgres_may_be_missing(lab: Lab) -> None:
    primary = lab.primary()
    primary.sql("drop database postgres", database="template1")
    assert known(seen(primary).replication)


def test_environment_of_the_caller_does_not_lead_elsewhere(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGHOST": "/nowhere", "PGPORT": "1", "PGUSER": "x", "PGOPTIONS": "-c nonsense=1"}.items():
        monkeypatch.setenv(name, value)
    assert known(seen(lab.primary()).replication)
    assert os.environ["PGHOST"] == "/nowhere"


def test_connection_that_leads_to_another_server_is_not_believed(lab: Lab) -> None:
    both = pair(lab)
    to_the_replica = f"host={lab.sockets} port={both.replica.port} user=postgres dbname=postgres"
    found = seen_through(to_the_replica, both.primary.directory)
    where = f"{lab.sockets}:{both.replica.port}"
    assert why(found.replication) == f"{where} is not served by process {both.primary.pid}"
    assert part(found) == (Role.PRIMARY, State.RUNNING)


def test_connection_by_tcp_is_checked_too(lab: Lab) -> None:
    port = _free_port()
    primary = lab.primary(settings={"listen_addresses": "127.0.0.1", "port": str(port)})
    conninfo = f"host=127.0.0.1 port={port} user=postgres dbname=postgres"
    assert part(seen_through(conninfo, primary.directory)) == (Role.PRIMARY, State.RUNNING)
    assert known(seen_through(conninfo, primary.directory).replication)
    lie = replace(_live(primary), pid=os.getpid())
    assert "is not served by" in why(database.query(lie, conninfo, ("select 1",), Deadline(2)))


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@as_root
def test_account_that_may_read_nothing_still_sees_the_titles(every_lab: Lab) -> None:
    if every_lab.account == NOBODY:
        pytest.skip("the servers run as nobody here")
    primary = every_lab.primary()
    os.chmod(every_lab.sockets, 0o700)
    database.load()  # here, since nobody may not be able to read the tests' own interpreter
    found = known(apart(lambda: _on_this_node(primary), Deadline(5), NOBODY))
    assert part(found) == (Role.PRIMARY, State.RUNNING)
    assert found.role == Known(Role.PRIMARY, "walwriter is running")
    assert isinstance(found.replication, Unknown)
    assert isinstance(witness(found, "control file"), Unknown)
    assert found.directory.place.path == primary.directory


def _on_this_node(server: LabServer) -> Instance:
    found = node.look((), (), Deadline(3))
    return next(each for each in found.instances if each.server and each.server.pid == server.pid)


@as_root
def test_stopped_instance_that_may_not_be_read_is_not_known(lab: Lab) -> None:
    if lab.account == NOBODY:
        pytest.skip("the servers run as nobody here")
    primary = lab.primary()
    primary.stop()
    found = known(apart(lambda: seen(primary), Deadline(5), NOBODY))
    assert isinstance(found.role, Unknown)
    assert isinstance(found.state, Unknown)


def test_directory_removed_while_the_server_runs(lab: Lab) -> None:
    primary = lab.primary()
    server = _live(primary)
    shutil.rmtree(primary.directory)
    found = next(
        each for each in node.look((), (), Deadline(2)).instances if each.server and each.server.pid == server.pid
    )
    assert part(found)[0] is Role.PRIMARY
    assert found.warnings[0] == f"its data directory has been removed while process {primary.pid} runs"


def _asked(server: Server, *statements: LiteralString) -> tuple[Observed[tuple[database.Row, ...]], ...]:
    return known(database.query(server, None, statements, Deadline(1.0))).results


def test_slow_statement_does_not_take_the_others_with_it(lab: Lab) -> None:
    first, second = _asked(_live(lab.primary()), "select pg_sleep(9)", "select 1")
    assert why(first) == "canceling statement due to statement timeout"
    assert known(second) == ((1,),)


def test_no_time_left_for_the_last_statement(lab: Lab) -> None:
    slow = "select pg_sleep(0.3)"
    *_, last = _asked(_live(lab.primary()), slow, slow, slow, "select 1")
    assert why(last) == "not asked: no time left of 1.0 s"


def test_nothing_is_ever_written(lab: Lab) -> None:
    [written] = _asked(_live(lab.primary()), "create table t()")
    assert why(written) == "cannot execute CREATE TABLE in a read-only transaction"


def test_lock_is_not_waited_for(lab: Lab) -> None:
    """A session that locks a view must hang neither us nor the other answers."""
    primary = lab.primary()
    with psycopg.connect(host=lab.sockets, port=primary.port, user="postgres") as session:
        session.execute("lock table pg_stat_archiver, pg_stat_wal_receiver in access exclusive mode")
        found = seen(primary, 1.0)
    assert part(found) == (Role.PRIMARY, State.RUNNING)
    assert why(replication(found).archiver) == "canceling statement due to lock timeout"
    assert why(replication(found).receiver) == "canceling statement due to lock timeout"
    assert known(replication(found).clients) == 1


def test_lock_that_keeps_us_out_costs_the_deadline(lab: Lab) -> None:
    """No session starts while its role cannot be looked up; the titles tell."""
    primary = lab.primary()
    with psycopg.connect(host=lab.sockets, port=primary.port, user="postgres") as session:
        session.execute("lock table pg_authid in access exclusive mode")
        found = seen(primary, 0.7)
    assert why(found.replication) == "no answer in 0.7 s"
    assert part(found) == (Role.PRIMARY, State.RUNNING)


@as_root
def test_server_in_a_process_namespace_of_its_own(lab: Lab) -> None:
    """As in a container: it believes to be process 1, and so do its postmaster.pid and its sessions."""
    primary = lab.primary()
    primary.stop()
    assert lab.account is not None
    identity = (f"--reuid={lab.account.uid}", f"--regid={lab.account.gid}", "--clear-groups")
    postgres = (lab.binaries.path("postgres"), "-D", primary.directory)
    command = ["unshare", "--pid", "--fork", "setpriv", *identity, *postgres]
    with open(primary.log, "ab") as log:
        contained = subprocess.Popen(command, env=lab.environment(), cwd="/", stdout=log, stderr=log)
    try:
        _await_answer(primary)
        found = seen(primary)
        assert part(found) == (Role.PRIMARY, State.RUNNING)
        assert known(replication(found).clients) == 0
    finally:
        os.kill(_live(primary).pid, signal.SIGKILL)  # the namespace ends with its first process
        contained.wait()


def _await_answer(server: LabServer) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(LabError):
            server.sql("select 1")
            return
        time.sleep(0.05)


def test_account_of_a_container_has_no_name(lab: Lab) -> None:
    """Whose uid is in no passwd file is asked as postgres all the same."""
    server = replace(_live(lab.primary()), owner=12345)
    assert known(database.query(server, None, ("select 1",), Deadline(2)))


_IMPORTS_OF_A_SESSION = """
import sys
from guardsh.system import database, processes
from guardsh.system.apart import Deadline
[server] = [each for each in processes.servers() if each.pid == int(sys.argv[1])]
database.load()
before = set(sys.modules)
for conninfo in (None, "host=localhost port=1 user=x", "host=" + server.socket_directory + " user=nobody"):
    database.session(server, conninfo, ["select 1"], Deadline(5))
print(sorted(set(sys.modules) - before))
"""


def test_session_imports_nothing_once_it_is_another_account(lab: Lab) -> None:
    """Our own libraries may lie below /root, where the owner of a data directory cannot read them."""
    primary = lab.primary()
    command = [sys.executable, "-c", _IMPORTS_OF_A_SESSION, str(primary.pid)]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == "[]\n"
