"""SQL is judged by the server that its connection leads to: real clients' words, real servers, real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from guardsh import judge
from guardsh.judge import Case
from guardsh.model.observed import Known
from guardsh.model.verdict import Caller, Decision
from guardsh.observe.node import host_name
from guardsh.operations.lab import SETTINGS, Lab, LabServer
from tests.postgres.lab import Pair, known

ATTENDED = Caller(True, "", 0)
OWN = host_name()


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Case]:
    """The verdict on a command line, without any of this machine's own settings of libpq."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)

    def asked(*words: str, **environment: str) -> Case:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return judge.together(judge.words(words, caller=ATTENDED))

    return asked


def psql(server: LabServer, statement: str, *options: str) -> tuple[str, ...]:
    return ("psql", "-h", server.lab.sockets, "-p", str(server.port), "-U", "postgres", *options, "-c", statement)


def outcome(case: Case) -> tuple[Decision, str, str]:
    """Decision, and the host and role that would be typed."""
    subject = case.verdict.subject
    return case.verdict.decision, case.verdict.host, subject.word if subject else ""


GRAVE = [
    "drop database shop",
    "truncate a",
    "delete from a",
    "update a set b = 1",
    "select pg_drop_replication_slot('a')",
]


@pytest.mark.parametrize("statement", GRAVE)
def test_a_primary_is_asked_about_and_a_replica_is_not(
    every_pair: Pair, ask: Callable[..., Case], statement: str
) -> None:
    assert outcome(ask(*psql(every_pair.primary, statement))) == (Decision.CHALLENGE, OWN, "primary")
    assert outcome(ask(*psql(every_pair.replica, statement)))[0] is Decision.ALLOW


def test_what_can_be_made_again_is_said(every_pair: Pair, ask: Callable[..., Case]) -> None:
    case = ask(*psql(every_pair.primary, "alter system set work_mem = '1MB'"))
    assert outcome(case) == (Decision.NOTICE, OWN, "primary")
    assert case.verdict.summary == "psql would run alter system set work_mem = '…' on a running primary."


def test_promotion_is_asked_about_on_a_replica(every_pair: Pair, ask: Callable[..., Case]) -> None:
    promote = "select pg_promote()"
    assert outcome(ask(*psql(every_pair.replica, promote))) == (Decision.CHALLENGE, OWN, "replica")
    case = ask(*psql(every_pair.primary, promote))
    assert (case.verdict.decision, case.verdict.summary) == (Decision.NOTICE, "It is the primary already.")


def test_harmless_statements_look_at_nothing(every_pair: Pair, ask: Callable[..., Case]) -> None:
    case = ask(*psql(every_pair.primary, "select 1"))
    assert (case.intents, case.verdict.decision) == ((), Decision.ALLOW)


def test_the_environment_leads_as_options_do(every_pair: Pair, ask: Callable[..., Case]) -> None:
    lab, primary, replica = every_pair.lab, every_pair.primary, every_pair.replica
    environment = {"PGHOST": lab.sockets, "PGPORT": str(primary.port), "PGUSER": "postgres"}
    assert outcome(ask("dropdb", "shop", **environment)) == (Decision.CHALLENGE, OWN, "primary")
    assert outcome(ask("dropdb", "shop", "-p", str(replica.port)))[0] is Decision.ALLOW
    assert outcome(ask("psql", f"host={lab.sockets} port={replica.port} user=postgres", "-c", "drop table a"))[0] is (
        Decision.ALLOW
    )


def test_connection_strings_and_the_backslash_that_reconnects(every_pair: Pair, ask: Callable[..., Case]) -> None:
    lab, primary, replica = every_pair.lab, every_pair.primary, every_pair.replica
    uri = f"postgresql://postgres@/postgres?host={lab.sockets}&port={{}}"
    assert outcome(ask("psql", uri.format(primary.port), "-c", "drop table a")) == (Decision.CHALLENGE, OWN, "primary")
    assert outcome(ask("psql", uri.format(replica.port), "-c", "drop table a"))[0] is Decision.ALLOW
    moved = ("psql", uri.format(replica.port), "-c", f"\\c {uri.format(primary.port)}", "-c", "drop table a")
    assert outcome(ask(*moved)) == (Decision.CHALLENGE, OWN, "primary")


def test_a_connection_string_may_name_an_account_that_the_server_does_not_know(
    every_pair: Pair, ask: Callable[..., Case]
) -> None:
    """psql will fail; until then it is a replica of this node by its socket, and no unknown server."""
    lab, replica = every_pair.lab, every_pair.replica
    for string in (
        f"host={lab.sockets} port={replica.port} user=nobody dbname=postgres",
        f"postgresql://nobody@/postgres?host={lab.sockets}&port={replica.port}",
    ):
        assert outcome(ask("psql", string, "-c", "drop table a"))[0] is Decision.ALLOW


def test_behind_sudo_the_account_is_taken(every_pair: Pair, ask: Callable[..., Case]) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root becomes another account")
    case = ask("sudo", "-u", "postgres", *psql(every_pair.primary, "drop table a"))
    assert outcome(case) == (Decision.CHALLENGE, OWN, "primary")


def test_a_file_is_read(every_pair: Pair, ask: Callable[..., Case], tmp_path: os.PathLike[str]) -> None:
    first, second = f"{tmp_path}/first.sql", f"{tmp_path}/second.sql"
    with open(first, "w", encoding="utf-8") as file:
        file.write("select 1;\n\\ir second.sql\n")
    with open(second, "w", encoding="utf-8") as file:
        file.write("-- tidy\ndelete from a;\n")
    words = psql(every_pair.primary, "select 1", "-f", first)
    assert outcome(ask(*words)) == (Decision.CHALLENGE, OWN, "primary")
    assert ask(*psql(every_pair.primary, "select 1", "-f", f"{tmp_path}/absent")).intents == ()
    os.truncate(second, 0)
    assert ask(*words).intents == ()


def test_a_fifo_is_not_waited_for(every_pair: Pair, ask: Callable[..., Case], tmp_path: os.PathLike[str]) -> None:
    os.mkfifo(f"{tmp_path}/fifo")
    assert ask(*psql(every_pair.primary, "select 1", "-f", f"{tmp_path}/fifo")).intents == ()


def test_who_does_not_answer_counts_as_a_primary(lab: Lab, ask: Callable[..., Case]) -> None:
    for words in (("psql", "-h", lab.sockets, "-p", "9"), ("psql", "-h", "127.0.0.1", "-p", "1")):
        case = ask(*words, "-c", "drop table a")
        assert case.verdict.decision is Decision.CHALLENGE
        assert case.verdict.subject is not None
        assert case.verdict.subject.word == "unknown"


def test_a_host_that_is_not_known_is_named_and_its_password_is_not(ask: Callable[..., Case]) -> None:
    case = ask("psql", "postgresql://app:secret@db-77.invalid/shop", "-c", "drop table a")
    assert outcome(case) == (Decision.CHALLENGE, "db-77", "unknown")
    assert "secret" not in str(case.verdict)


# Over a network address.


@pytest.fixture
def network(lab: Lab) -> LabServer:
    """A primary that listens on the loopback address, too."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    server = lab.add("network")
    server.port = port
    lab.initialise(server.directory)
    own = {"unix_socket_directories": lab.sockets, "port": str(port), "listen_addresses": "127.0.0.1"}
    server.configure({**SETTINGS, **own})
    server.start()
    return server


def test_a_server_of_this_node_is_known_over_a_network_address(network: LabServer, ask: Callable[..., Case]) -> None:
    case = ask("psql", "-h", "localhost", "-p", str(network.port), "-U", "postgres", "-c", "drop table a")
    assert outcome(case) == (Decision.CHALLENGE, OWN, "primary")
    [[touch]] = case.findings.touches
    assert touch.instance.directory.place.path == network.directory


def test_behind_a_tunnel_it_is_judged_by_what_it_says(network: LabServer, ask: Callable[..., Case]) -> None:
    """As a server of another host would be: its processes and files are none that can be looked at."""
    with _tunnel(network.port) as port:
        case = ask("psql", "-h", "localhost", "-p", str(port), "-U", "postgres", "-c", "drop table a")
    assert outcome(case) == (Decision.CHALLENGE, "localhost", "primary")
    [[touch]] = case.findings.touches
    assert touch.instance.server is None
    assert touch.instance.live
    assert isinstance(known(touch.instance.replication).standbys, Known)
    assert case.verdict.subject is not None
    assert f" · localhost:{port} · " in case.verdict.subject.title
    assert "contradiction" in [reason.code for reason in case.verdict.reasons]


def test_a_replica_elsewhere_refuses_by_itself(lab: Lab, ask: Callable[..., Case]) -> None:
    primary = lab.primary()
    replica = lab.replica(primary, settings={"listen_addresses": ""})
    primary.until("select count(*) from pg_stat_replication where replay_lsn is not null", "1")
    with _tunnel(replica.port, lab.sockets) as port:
        where = ("psql", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-c")
        assert outcome(ask(*where, "drop table a"))[0] is Decision.ALLOW
        assert outcome(ask(*where, "select pg_promote()")) == (Decision.CHALLENGE, "127.0.0.1", "replica")


def test_a_password_is_never_waited_for(network: LabServer, ask: Callable[..., Case]) -> None:
    rules = network.path("pg_hba.conf")
    with open(rules, "w", encoding="utf-8") as file:
        file.write("local all all trust\nhost all all all scram-sha-256\n")
    network.sql("select pg_reload_conf()")
    network.sql("alter role postgres password 'secret'")
    where = ("-h", "127.0.0.1", "-p", str(network.port), "-U", "postgres", "-c", "drop table a")
    assert outcome(ask("psql", *where)) == (Decision.CHALLENGE, "127.0.0.1", "unknown")
    assert outcome(ask("psql", *where, PGPASSWORD="secret")) == (Decision.CHALLENGE, OWN, "primary")


def test_a_server_that_hangs_is_unknown_in_time(network: LabServer, ask: Callable[..., Case]) -> None:
    network.suspend()
    case = ask("psql", "-h", "127.0.0.1", "-p", str(network.port), "-U", "postgres", "-c", "drop table a")
    network.resume()
    assert outcome(case) == (Decision.CHALLENGE, "127.0.0.1", "unknown")


def test_the_real_psql_reads_a_text_as_we_do(every_pair: Pair) -> None:
    """What we take for data and comments is not run, and what we take for a statement is."""
    text = (
        "select 'a;b' /* ; /* ; */ */, $q$ ; $q$; -- ;\n"
        "create function pg_temp.f() returns int language sql as 'select 1; select 2';\n"
        "copy (select 1) to stdout \\; select 3;\n"
        "\\set x 4\n select :x, :'x', 5::int;\n"
    )
    server = every_pair.primary
    program = every_pair.lab.binaries.path("psql")
    words = [program, "-XAtqE", *("-h", server.lab.sockets, "-p", str(server.port), "-U", "postgres")]
    environment = {**os.environ, **every_pair.lab.binaries.environment}
    ran = subprocess.run(words, input=text, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n") == ["a;b| ; ", "1", "3", "4|4|5", ""]
    from guardsh.commands.psql_text import Statement, read

    statements = [" ".join(piece.text.split()) for piece in read(text, {}) if isinstance(piece, Statement) and piece]
    assert statements == [
        "select 'a;b' , $q$ ; $q$",
        "create function pg_temp.f() returns int language sql as 'select 1; select 2'",
        "copy (select 1) to stdout",
        "select 3",
        "select 4, '4', 5::int",
    ]


# What a tunnel or proxy is: somebody else's socket in between. A process of its own, since guardsh forks.
TUNNEL = """
import socket, sys, threading
port, sockets = sys.argv[1:]
door = socket.create_server(("127.0.0.1", 0))
print(door.getsockname()[1], flush=True)

def carry(source, sink):
    while chunk := source.recv(1 << 16):
        sink.sendall(chunk)
    sink.shutdown(socket.SHUT_WR)

while True:
    client, _ = door.accept()
    server = socket.socket(socket.AF_UNIX if sockets else socket.AF_INET)
    server.connect(f"{sockets}/.s.PGSQL.{port}" if sockets else ("127.0.0.1", int(port)))
    for ends in ((client, server), (server, client)):
        threading.Thread(target=carry, args=ends, daemon=True).start()
"""


@contextmanager
def _tunnel(port: int, sockets: str = "") -> Iterator[int]:
    """A port that leads to a server's port, or to its Unix socket."""
    words = [sys.executable, "-c", TUNNEL, str(port), sockets]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tunnel:
        try:
            assert tunnel.stdout is not None
            yield int(tunnel.stdout.readline())
        finally:
            tunnel.kill()
