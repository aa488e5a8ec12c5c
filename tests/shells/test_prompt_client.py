"""The line for the machine that one sits at: its own colours again, however the connection ended."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pexpect
import pytest

from tests.shells.prompting import INTEGRATIONS

BACK = b"\x1b]111\x1b\\\x1b]110\x1b\\"
START = {"bash": "bash --noprofile --norc", "zsh": "zsh -f"}


@pytest.fixture
def ssh(tmp_path: Path) -> dict[str, str]:
    """A stand-in that a node has coloured, and whose connection ends with the status that it is given."""
    stand_in = tmp_path / "bin" / "ssh"
    stand_in.parent.mkdir()
    stand_in.write_text("#!/bin/sh\nprintf '\\033]11;#480e0e\\033\\\\'\nkill -$2 $$ 2>/dev/null; exit \"$3\"\n")
    stand_in.chmod(0o755)
    return {"PATH": f"{stand_in.parent}:{os.environ['PATH']}", "TERM": "xterm", "HOME": str(tmp_path)}


@pytest.mark.parametrize("name", START)
@pytest.mark.parametrize(("ends", "status"), [("x 0", 0), ("x 255", 255), ("KILL 0", 137), ("HUP 0", 129)])
def test_put_back(name: str, ssh: dict[str, str], ends: str, status: int) -> None:
    line = f"source {INTEGRATIONS}/client.sh; ssh db-01 {ends}; echo rc $?."
    seen = pexpect.run(f"{START[name]} -c {shlex.quote(line)}", env=ssh)
    assert seen.count(BACK) == 1
    assert seen.index(b"480e0e") < seen.index(BACK) < seen.index(f"rc {status}.".encode())


@pytest.mark.parametrize("name", START)
def test_nothing_into_a_file(name: str, ssh: dict[str, str], tmp_path: Path) -> None:
    line = f"source {INTEGRATIONS}/client.sh; ssh db-01 x 0 >{tmp_path}/out 2>{tmp_path}/err"
    pexpect.run(f"{START[name]} -c {shlex.quote(line)}", env=ssh)
    assert b"\x1b]111" not in (tmp_path / "out").read_bytes() + (tmp_path / "err").read_bytes()


def test_beside_an_alias(ssh: dict[str, str]) -> None:
    """A function that is defined with the name of an alias is an error in zsh, unless by its keyword."""
    line = f"setopt aliases; alias ssh='ssh -A'; source {INTEGRATIONS}/client.sh; echo over"
    assert pexpect.run(f"zsh -f -i -c {shlex.quote(line)}", env=ssh).strip().endswith(b"over")
