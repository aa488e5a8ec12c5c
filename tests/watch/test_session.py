"""The kept session against real servers of every version: the answers are psycopg's, and it never waits."""

from __future__ import annotations

import os
import select
import socket
import time

import pytest

from guardsh.model.instance import Server
from guardsh.model.observed import Known, Unknown
from guardsh.observe import replication
from guardsh.operations.lab import Lab
from guardsh.system import database
from guardsh.system.apart import Deadline
from guardsh.system.database import Answers
from guardsh.system.session import Ended, Session
from guardsh.watch.sessions import Line
from tests.postgres.lab import Pair, server_of


def route(server: Server) -> dict[str, object]:
    return {"host": server.socket_directory, "port": server.port, "user": "postgres", "dbname": "postgres"}


def opened(server: Server) -> Session:
    session = Session(server, route(server), 1.0)
    while not session.ready:
        assert select.select([session], [], [], 5)[0]
        session.receive()
    return session


def asked(session: Session, *statements: str) -> Answers:
    session.ask(statements)
    answers = None
    while answers is None:
        assert select.select([session], [], [], 5)[0]
        answers = session.receive()
    return answers


def test_it_says_what_psycopg_says(every_pair: Pair) -> None:
    for lab_server in (every_pair.primary, every_pair.replica):
        server = server_of(lab_server)
        assert server is not None
        session = opened(server)
        by_driver = database.query(server, None, replication.STATEMENTS, Deadline(10))
        assert isinstance(by_driver, Known)
        ours, theirs = replication.hear(asked(session, *replication.STATEMENTS)), replication.hear(by_driver.value)
        assert ours.in_recovery == theirs.in_recovery
        for name in ("slots", "archiver", "clients", "timeline"):
            assert getattr(ours.replication, name) == getattr(theirs.replication, name)
        assert isinstance(ours.replication.standbys, Known)
        assert len(ours.replication.standbys.value) == (lab_server is every_pair.primary)
        session.close()


def test_it_only_reads_and_an_error_leaves_it_open(every_pair: Pair) -> None:
    server = server_of(every_pair.primary)
    assert server is not None
    session = opened(server)
    answers = asked(
        session, "create table t ()", "select null::text, 1.5::float8, true", "select pg_sleep(9)", "nonsense"
    )
    refused, row, slow, wrong = answers.results
    assert refused == Unknown("cannot execute CREATE TABLE in a read-only transaction")
    assert isinstance(row, Known) and row.value == ((None, 1.5, True),)
    assert slow == Unknown("canceling statement due to statement timeout")
    assert isinstance(wrong, Unknown)
    session.close()


def test_another_server_behind_the_socket_is_not_believed(every_pair: Pair) -> None:
    primary, replica = server_of(every_pair.primary), server_of(every_pair.replica)
    assert primary is not None
    assert replica is not None
    with pytest.raises(Ended, match="is not served by process"):
        Session(primary, route(replica), 1.0)


def test_an_account_that_does_not_exist(every_pair: Pair) -> None:
    server = server_of(every_pair.primary)
    assert server is not None
    session = Session(server, {**route(server), "user": "nobody-of-that-name"}, 1.0)
    with pytest.raises(Ended, match="does not exist"):
        while select.select([session], [], [], 5)[0]:
            session.receive()
    session.close()


def test_the_line_to_a_server_that_ends(lab: Lab) -> None:
    primary = lab.primary()
    server = server_of(primary)
    assert server is not None
    line = Line(server, 2.0, time.monotonic)
    line.ask()
    assert line.silent is False
    wait_for(line)
    assert isinstance(line.told, Known)
    primary.stop()
    line.receive()
    assert line.session is None
    line.ask()
    line.receive()
    assert isinstance(line.told, Unknown)


def wait_for(line: Line) -> None:
    while line.asking_since is not None and line.session is not None:
        assert select.select([line.session], [], [], 5)[0]
        line.receive()


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"R\0\0\0\x08\0\0\0\x05salt",
        b"S\0\0\0\x05x",
        b"D\xff\xff\xff\xff",
        b"T\0\0\0\x06\x7f\xff",
        b"",
    ],
)
def test_what_does_not_speak_the_protocol(every_pair: Pair, tmp_path: os.PathLike[str], said: bytes) -> None:
    """A listener of our own process in place of the server."""
    server = server_of(every_pair.primary)
    assert server is not None
    directory = os.fspath(tmp_path)
    os.chmod(directory, 0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(directory, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/.s.PGSQL.5432")
        os.close(here)
        listener.listen()
        own = Server(os.getpid(), os.geteuid(), 0.0, None, None, None, None, directory, 5432, (), False)
        session = Session(own, {**route(own), "user": "x"}, 1.0)
        accepted, _ = listener.accept()
        accepted.send(said or b"\0")
        accepted.close()
        with pytest.raises(Ended):
            for _ in range(3):
                session.receive()
        session.close()
