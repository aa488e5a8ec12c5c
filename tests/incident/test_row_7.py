"""16:57: the restore as it was typed, on the wrong host: a pipeline behind sudo and time, and a program by its path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guardsh.cli.init import script
from tests.faults.operator import Operator, Session, one_line

RC = """\
PS1='READY$((ready+=1))>' ready=0 GUARDSH_PROMPT=off
bind 'set enable-bracketed-paste off'
sudo() {{ "$@"; }}  # this test may not count on an account for it; the words are the incident's
{guardsh}
"""


@pytest.fixture
def shell(operator: Operator, tmp_path: Path) -> Session:
    rc = tmp_path / "rc"
    rc.write_text(RC.format(guardsh=script("bash", os.path.join(operator.stage.directory, "bin", "guardsh"))))
    session = operator.types("bash", "--noprofile", "--rcfile", str(rc), "-i", cwd=str(tmp_path))
    session.wait_for("READY1>")
    return session


def line(operator: Operator, directory: str) -> str:
    """The incident's own: sudo, GNU time, wal-g by its path, a pipeline."""
    wal_g = os.path.join(operator.stage.directory, "tools", "wal-g")
    return f"sudo time {wal_g} --config /etc/wal-g.json backup-fetch {directory} LATEST 2>&1 | tee restore.log"


def test_into_a_running_primary_it_asks_before_anything_runs(
    operator: Operator, shell: Session, tmp_path: Path
) -> None:
    shell.type(line(operator, operator.stage.primary.directory) + "\r")
    shell.wait_for_question()
    said = one_line(shell.raw.decode())
    assert "would restore a backup into the data directory of a running primary." in said
    shell.type(f"{operator.host} replica\r")
    shell.wait_for("and it is the primary. Nothing was run.")
    shell.wait_for("READY2>")
    assert not (tmp_path / "restore.log").exists()
    assert operator.stage.primary.sql("select 1") == "1"
    (record,) = operator.records()
    assert (record["outcome"], record["argv"][:2]) == ("reject", ["sudo", "time"])


def test_into_what_the_first_attempt_left_it_says_so_and_runs(
    operator: Operator, shell: Session, tmp_path: Path
) -> None:
    shell.type(line(operator, operator.stage.restore) + "\r")
    shell.wait_for("24 directories, no files: an aborted restore, not a cluster.")
    shell.wait_for("must be empty")
    shell.wait_for("READY2>")
    assert "must be empty" in (tmp_path / "restore.log").read_text()


def test_what_deletes_by_a_change_of_directory(operator: Operator, shell: Session) -> None:
    shell.type(f"cd {operator.stage.primary.directory} && sudo rm -rf *\r")
    shell.wait_for_question()
    assert "rm -rf would delete the data directory of a running primary" in one_line(shell.raw.decode())
    shell.type("\x03")
    shell.wait_for("READY2>")
    assert os.path.exists(operator.stage.primary.path("PG_VERSION"))
