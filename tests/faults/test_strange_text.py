"""Names and messages from outside that could steer a terminal: shown written out, and nothing else than text."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.faults.operator import Operator, Session, entries, incomplete_copy, needs_namespaces

_PYTHON = sys.executable
TITLE = "\x1b]0;owned\x07"
STRANGE = {
    "escape": f"a{TITLE}\x1b[2J\x1b[31m",
    "newline": "a\nroot@db-01:~# \rok",
    "not UTF-8": os.fsdecode(b"a\xff\xfe\xc3("),
    "right to left": "a\u202eatad\u2066",
    "C1": "a\x9b31m",
}
# What the dialogue itself writes where colours are off: marking pastes.
OWN = re.compile(rb"\x1b\[\?2004[hl]")


def steers(session: Session) -> list[bytes]:
    """Every control character on the screen that is not the dialogue's own."""
    text = OWN.sub(b"", session.raw).decode(errors="surrogateescape")
    return [
        character.encode(errors="surrogateescape")
        for character in text
        if not character.isprintable() and character not in "\r\n"
    ]


@pytest.mark.parametrize("name", STRANGE.values(), ids=STRANGE)
def test_paths(operator: Operator, tmp_path: Path, name: str) -> None:
    parent = tmp_path / name
    parent.mkdir()
    copy = incomplete_copy(parent)
    session = operator.types("rm", "-rf", str(copy))
    ended = session.answer("no")
    assert (ended.status, steers(session)) == (77, [])
    done = operator.unattended("rm", "-rf", str(copy))
    assert (done.returncode, done.stderr.count("\n")) == (77, 1)
    assert done.stderr.rstrip("\n").isprintable()
    right = operator.types("rm", "-rf", str(copy))
    assert right.answer(f"{operator.host} incomplete").status == 0
    assert not copy.exists()
    assert len(operator.decisions()) == 3


@needs_namespaces
@pytest.mark.parametrize("host", ["db\x1b[31m-01", "db\n01", os.fsdecode(b"db\xff01"), "", "db 01"])
def test_host_names(operator: Operator, host: str) -> None:
    operator.setup = (
        f"""{_PYTHON} -c 'import os, socket, sys; socket.sethostname(os.fsencode(sys.argv[1]))' "$3"; shift"""
    )
    session = operator.types(host, "rm", "-rf", *entries(operator.stage.primary.directory))
    ended = session.answer("primary")
    assert (ended.status, steers(session)) == (77, [])
    done = operator.unattended(host, "rm", "-rf", *entries(operator.stage.primary.directory))
    assert (done.returncode, done.stderr.count("\n")) == (77, 1)
    assert done.stderr.rstrip("\n").isprintable()


@needs_namespaces
def test_messages_of_a_server(operator: Operator) -> None:
    primary = operator.stage.primary
    user = r"e\u001b[31mvil\u202e"
    operator.configure(
        f'[[instance]]\ndirectory = "{primary.directory}"\n'
        f'conninfo = "host={primary.lab.sockets} port={primary.port} dbname=postgres user={user}"\n'
    )
    session = operator.types("rm", "-rf", *entries(primary.directory))
    ended = session.answer("no")
    assert (ended.status, steers(session)) == (77, [])
    assert r'role "e\x1b[31mvil\u202e" does not exist' in ended.seen
