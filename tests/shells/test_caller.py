"""Who is asking, and what is said to whom: real sessions with and without a terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pexpect

from tests.shells.conftest import REPOSITORY

CALLER = "from guardsh.system.terminal import caller; print('told:', caller())"
REFUSE = """
import sys
from dataclasses import replace
from guardsh.screen import saying
from tests.shells.asking import made_verdict
saying.say(["heard\\x1b[31m"])
saying.refuse(replace(made_verdict("primary", False), unattended=sys.argv[1] == "unattended"), ["rm", "-rf", "data"])
"""


def in_terminal(directory: Path, program: str, line: str) -> str:
    """What a shell at a terminal shows, ``line`` having the Python command for {}."""
    file = directory / "program.py"
    file.write_text(program)
    shown = pexpect.run(
        f'/bin/bash -c "{line.format(f"{sys.executable} {file}")}"',
        env={"TERM": "xterm", "NO_COLOR": "1", "PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        encoding="utf-8",
    )
    return str(shown)


def without_terminal(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
    )


def test_at_a_terminal(tmp_path: Path) -> None:
    assert "attended=True, why='at /dev/pts/" in in_terminal(tmp_path, CALLER, "{}")


def test_in_a_pipeline_at_a_terminal(tmp_path: Path) -> None:
    assert "attended=True" in in_terminal(tmp_path, CALLER, "true | {} 2>&1 | cat")


def test_in_the_background(tmp_path: Path) -> None:
    assert "attended=False, why='in the background of /dev/pts/" in in_terminal(tmp_path, CALLER, "set -m; {} & wait")


def test_without_a_terminal() -> None:
    assert "attended=False, why='no terminal'" in without_terminal(CALLER).stdout


def test_notices_are_not_said_without_a_terminal_and_refusals_in_one_line() -> None:
    said = without_terminal(REFUSE, "unattended")
    assert said.stdout == ""
    assert said.stderr.count("\n") == 1
    assert said.stderr.endswith("guardsh run --confirm 'HOST ROLE' -- rm -rf data\n")


def test_a_refusal_that_no_terminal_takes_is_still_said() -> None:
    assert "Refused." in without_terminal(REFUSE, "attended").stderr


def test_at_a_terminal_everything_is_said_there(tmp_path: Path) -> None:
    shown = in_terminal(tmp_path, REFUSE, "{} attended >/dev/null 2>&1")
    assert "heard\\x1b[31m\r" in shown
    assert "  db-01  PRIMARY     PostgreSQL 14" in shown
    assert "It is running. Refused." in shown
