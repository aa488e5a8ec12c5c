"""The line that goes on record, what is taken out of it, and reading it back."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardsh.audit import system_log, trail
from guardsh.model.event import Event, Outcome


def event(*argv: str, detail: str = "ran", when: float = 1700000000.25) -> Event:
    return Event(
        when=when,
        outcome=Outcome.ACCEPT,
        operator={"uid": 0, "ssh": None},
        host="db-01",
        cwd="/root",
        argv=argv or ("rm", "-rf", "/mnt/data"),
        intent=("delete /mnt/data",),
        verdict={"decision": "challenge", "schema": 1},
        answer="db-01 primary",
        detail=detail,
    )


@pytest.fixture(autouse=True)
def no_system_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this machine's own log out of it: the sockets of these tests are real, but lie elsewhere."""
    monkeypatch.setattr(system_log, "JOURNALD", str(tmp_path / "journald"))
    monkeypatch.setattr(system_log, "SYSLOG", str(tmp_path / "log"))


@pytest.fixture
def trail_file(tmp_path: Path) -> str:
    return str(tmp_path / "log-directory/guardsh/audit.jsonl")


@pytest.fixture
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[socket.socket]:
    """A datagram socket where the named daemon would listen: neither runs in a container."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / request.param))
        receiver.settimeout(5)
        yield receiver


def test_one_line_with_every_field(trail_file: str) -> None:
    assert trail.record(event(), trail_file) == trail_file
    text = Path(trail_file).read_text()
    assert text.endswith("}\n")
    assert json.loads(text) == {
        "schema": 1,
        "when": "2023-11-14T22:13:20.250000Z",
        "outcome": "accept",
        "host": "db-01",
        "operator": {"uid": 0, "ssh": None},
        "cwd": "/root",
        "argv": ["rm", "-rf", "/mnt/data"],
        "intent": ["delete /mnt/data"],
        "verdict": {"decision": "challenge", "schema": 1},
        "answer": "db-01 primary",
        "override": "",
        "detail": "ran",
    }


def test_modes_whatever_the_umask(trail_file: str) -> None:
    before = os.umask(0o000)
    try:
        trail.record(event(), trail_file)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(trail_file).st_mode) == 0o640
    assert stat.S_IMODE(os.stat(os.path.dirname(trail_file)).st_mode) == 0o750


@given(st.text(st.characters(codec=None)), st.binary())
def test_any_field_is_one_line_of_printable_ascii(text: str, name: bytes) -> None:
    line = trail._line(event("rm", text, os.fsdecode(name.replace(b"\0", b"")), detail=text))
    assert line.count(b"\n") == 1
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])
    assert json.loads(line)["detail"] == text


def test_a_secret_does_not_reach_the_disk_even_if_the_caller_forgot(trail_file: str) -> None:
    trail.record(event("wal-g", "--walg-libsodium-key=hunter2", "backup-list"), trail_file)
    assert "hunter2" not in Path(trail_file).read_text()


@pytest.mark.parametrize("listener", ["journald"], indirect=True)
def test_journald_gets_it_too(listener: socket.socket, trail_file: str) -> None:
    assert trail.record(event(), trail_file) == trail_file
    fields = dict(line.split(b"=", 1) for line in listener.recv(1 << 16).splitlines())
    assert json.loads(fields[b"MESSAGE"])["host"] == "db-01"
    assert fields[b"SYSLOG_FACILITY"] == b"10"


@pytest.mark.parametrize("listener", ["journald"], indirect=True)
def test_a_command_too_long_for_a_datagram_reaches_journald_as_a_file(listener: socket.socket, trail_file: str) -> None:
    operands = [f"/tmp/{number:0100}" for number in range(20_000)]
    trail.record(event("rm", *operands), trail_file)
    _, (received, *_), _, _ = socket.recv_fds(listener, 1, 1)
    with open(received, "rb") as file:
        file.seek(0)
        entry = file.read()
    message = entry.splitlines()[0].removeprefix(b"MESSAGE=")
    assert json.loads(message)["argv"] == ["rm", *operands]


@pytest.mark.parametrize("listener", ["log"], indirect=True)
def test_syslog_where_there_is_no_journald(listener: socket.socket, trail_file: str) -> None:
    trail.record(event(), trail_file)
    head, _, line = listener.recv(1 << 16).partition(b": ")
    assert head == b"<85>guardsh[%d]" % os.getpid()
    assert json.loads(line)["outcome"] == "accept"


def test_what_was_written_is_read(trail_file: str) -> None:
    for number in range(3):
        trail.record(event(detail=str(number)), trail_file)
    assert [line["detail"] for line in trail.read([trail_file, "/nonexistent/audit.jsonl"])] == ["0", "1", "2"]


def test_broken_lines_are_told_and_their_neighbours_kept(tmp_path: Path) -> None:
    good = trail._line(event())
    path = tmp_path / "audit.jsonl"
    path.write_bytes(good + b"\xff\xfe\n" + good[:50] + good + b"[" * 100_000 + b"\n" + b"7\n" + good)
    seen = [
        f"broken {line['line']}" if "broken" in line else line["host"] for line in trail.read([str(path)])
    ]  # the third line is half an event that ran into a whole one
    assert seen == ["db-01", "broken 2", "broken 3", "db-01", "broken 4", "broken 5", "db-01"]


@given(st.binary(max_size=300))
def test_reading_never_raises(data: bytes) -> None:
    for event_or_why in trail._events(data, "audit.jsonl", 1):
        assert isinstance(event_or_why, dict)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert list(trail.read([str(tmp_path)])) == [
        {"broken": "could not read: is a directory", "file": str(tmp_path), "line": 0}
    ]


SECRETS = st.text("abcXYZ0189+/%$!_.:,;~^", min_size=9, max_size=20).map(lambda text: f"Q{text}Q")
SECRETS_WITH_SPACES = st.text("abc 019'\\\"=@", min_size=5, max_size=20).map(lambda text: f"Qx{text}xQ")


def quoted(value: str) -> str:
    """As a libpq conninfo string wants it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


WHOLE_WORDS = [
    ("--password={}",),
    ("--password", "{}"),
    ("--walg-libsodium-key={}",),
    ("--walg-pgp-key", "{}"),
    ("--aws-secret-access-key={}",),
    ("--aws-session-token", "{}"),
    ("AWS_SECRET_ACCESS_KEY={}",),
    ("PGPASSWORD={}",),
    ("WALG_LIBSODIUM_KEY={}",),
    ("password={}",),
]
WITHIN_WORDS = [
    "postgresql://alice:{}@db-01:5432/postgres",
    "postgres://:{}@/postgres",
    "--target=s3://AKIA:{}@bucket/path",
    "postgresql://db-01/postgres?sslmode=require&password={}",
    "host=db-01 password={} user=alice",
    "--dbname=host=db-01 password = {}",
    "-dhost=db-01 sslpassword={}",
    "--dbname=password={}",
    "PGPASSWORD={} psql -c 'select 1'",
]


@given(secret=st.one_of(SECRETS, SECRETS_WITH_SPACES), form=st.sampled_from(WHOLE_WORDS))
def test_no_secret_of_its_own_word_survives(secret: str, form: tuple[str, ...]) -> None:
    words = ("wal-g", *(word.replace("{}", secret) for word in form), "backup-list")
    redacted = trail.redact(words)
    assert not any(secret in word for word in redacted)
    assert (redacted[0], redacted[-1]) == ("wal-g", "backup-list")
    assert trail.redact(redacted) == redacted


@given(secret=SECRETS, form=st.sampled_from(WITHIN_WORDS))
def test_no_secret_within_a_word_survives(secret: str, form: str) -> None:
    (redacted,) = trail.redact((form.replace("{}", secret),))
    assert secret not in redacted
    assert trail.redact((redacted,)) == (redacted,)


@given(secret=SECRETS_WITH_SPACES)
def test_no_quoted_secret_survives(secret: str) -> None:
    (redacted,) = trail.redact((f"host=db-01 password={quoted(secret)} user=alice",))
    assert redacted == "host=db-01 password=*** user=alice"


@pytest.mark.parametrize(
    "words",
    [
        ("rm", "-rf", "/mnt/data/postgresql-14"),
        ("pg_basebackup", "--password", "-D", "/mnt/data", "--no-password", "-R"),
        ("pg_ctl", "-D", "/mnt/data", "-o", "-p 5433 -c work_mem=4MB"),
        ("rm", "monkeys=3", "keyboard", "secret.txt"),
        ("psql", "postgresql://db-01:5432/postgres"),
        ("psql", "postgresql://alice@db-01:5432/postgres?application_name=x"),
    ],
)
def test_what_is_no_secret_stays(words: tuple[str, ...]) -> None:
    assert trail.redact(words) == words


def test_a_long_word_takes_no_time() -> None:
    words = ("key" * 40_000, "a=" * 60_000, "x" * 120_000 + "=", " " * 120_000)
    assert len(trail.redact(words)) == 4


def test_operator_of_this_process() -> None:
    who = trail.operator()
    assert who["uid"] == os.getuid()
    assert set(who) == {"login_uid", "login", "uid", "account", "sudo_user", "tty", "ssh"}
    json.dumps(who)


def test_the_terminal_is_known_when_no_stream_leads_to_it(tmp_path: Path) -> None:
    out = tmp_path / "tty"
    code = f"from guardsh.audit import trail; open('{out}', 'w').write(trail.operator()['tty'])"
    command = f'{sys.executable} -c "{code}" </dev/null >/dev/null 2>&1; tty'
    shell = pexpect.spawn("bash", ["-c", command], encoding="utf-8", timeout=20)
    shell.expect(pexpect.EOF)
    assert out.read_text() == str(shell.before).strip()


def test_the_ssh_origin_is_found_behind_sudo() -> None:
    """sudo keeps SSH_CONNECTION from its command; the shell that started it still has it."""
    code = "from guardsh.audit import trail; print(trail.operator()['ssh'])"
    command = f'env -u SSH_CONNECTION {sys.executable} -c "{code}"; true'
    environment = {**os.environ, "SSH_CONNECTION": "192.0.2.7 50022 192.0.2.1 22"}
    ran = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "192.0.2.7 50022\n"


def test_an_ordinary_account_keeps_its_own_trail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    assert trail.places("/var/log/guardsh/audit.jsonl") == (
        "/var/log/guardsh/audit.jsonl",
        "/home/alice/.local/state/guardsh/audit.jsonl",
        "/run/user/1000/guardsh/audit.jsonl",
    )
