"""Whatever the streams are: the question is put to the terminal; and where there is none, nobody is asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.operator import Operator, incomplete_copy


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return incomplete_copy(tmp_path)


@pytest.mark.parametrize("typed", ["y", "no", "yes"])
def test_yes_in_front_answers_the_program_and_not_the_question(operator: Operator, copy: Path, typed: str) -> None:
    ended = operator.types_line(f"yes | rm -ri {copy}; exit ${{PIPESTATUS[1]}}").answer(typed)
    assert ended.status == 77
    assert (copy / "PG_VERSION").exists()


def test_the_phrase_in_a_pipe_is_no_answer(operator: Operator, copy: Path) -> None:
    ended = operator.types_line(f"yes '{operator.host} incomplete' | rm -rf {copy}; exit ${{PIPESTATUS[1]}}").answer("")
    assert ended.status == 77
    assert (copy / "PG_VERSION").exists()


def test_after_the_right_answer_the_program_has_its_pipe(operator: Operator, copy: Path) -> None:
    line = f"yes | rm -rvi {copy} 2>/dev/null | grep -c ^removed; exit ${{PIPESTATUS[1]}}"
    ended = operator.types_line(line).answer(f"{operator.host} incomplete")
    assert (ended.status, copy.exists()) == (0, False)
    assert ended.seen.endswith(" 5")  # three directories and two files


@pytest.mark.parametrize("redirections", ["</dev/null", ">/dev/null 2>&1", "<&- >&- 2>&-"])
def test_redirected_streams_do_not_matter(operator: Operator, copy: Path, redirections: str) -> None:
    ended = operator.types_line(f"rm -rf {copy} {redirections}").answer("no")
    assert ended.status == 77
    assert "Nothing was run" in ended.seen
    assert (copy / "PG_VERSION").exists()


def test_no_terminal(operator: Operator, copy: Path) -> None:
    done = operator.unattended("rm", "-rf", str(copy))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (77, "", 1)
    assert done.stderr.endswith(f"guardsh run --confirm 'HOST ROLE' -- rm -rf {copy}\n")
    assert (copy / "PG_VERSION").exists()
    assert [record["detail"] for record in operator.records()] == ["refused: nobody to ask"]


def test_no_terminal_and_no_streams(operator: Operator, copy: Path) -> None:
    done = operator.unattended("sh", "-c", f"exec rm -rf {copy} <&- >&- 2>&-")
    assert done.returncode == 77
    assert (copy / "PG_VERSION").exists()


def test_a_notice_is_not_said_where_nobody_reads(operator: Operator) -> None:
    done = operator.unattended("pg_ctl", "stop", "-D", os.path.join(operator.place, "absent"))
    assert "guardsh" not in done.stderr


def test_in_the_background(operator: Operator, copy: Path) -> None:
    session = operator.types_line(f"set -m; rm -rf {copy} & wait $!")
    ended = session.end()
    assert ended.status == 77
    assert "Nobody can be asked: in the background of /dev/pts/" in ended.seen
    assert (copy / "PG_VERSION").exists()
