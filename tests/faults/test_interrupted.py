"""The question ends without an answer: nothing runs, and it is on record."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.faults.operator import Operator, Session, incomplete_copy


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return incomplete_copy(tmp_path)


@pytest.fixture
def asked(operator: Operator, copy: Path) -> Session:
    session = operator.types("rm", "-rf", str(copy))
    session.wait_for_question()
    return session


@pytest.mark.parametrize(
    ("key", "why"), [("\x03", "interrupted"), ("\x1c", "interrupted (SIGQUIT)"), ("\x04", "end of input (Ctrl-D)")]
)
def test_a_key(operator: Operator, copy: Path, asked: Session, key: str, why: str) -> None:
    asked.type(key)
    ended = asked.end()
    assert ended.status == 77
    assert ended.seen.endswith(f"{why}. Nothing was run.")
    assert [record["detail"] for record in operator.records()] == [why]
    assert (copy / "PG_VERSION").exists()


@pytest.mark.parametrize(
    ("number", "why"), [(signal.SIGTERM, "terminated (SIGTERM)"), (signal.SIGHUP, "terminal closed")]
)
def test_a_signal(operator: Operator, copy: Path, asked: Session, number: signal.Signals, why: str) -> None:
    asked.signal(number)
    assert asked.end().status == 77
    assert [record["detail"] for record in operator.records()] == [why]
    assert (copy / "PG_VERSION").exists()


def test_a_closed_terminal(operator: Operator, copy: Path, asked: Session) -> None:
    asked.type(f"{operator.host} incomplete")  # without the last key
    assert asked.hang_up() == 77
    assert [record["detail"] for record in operator.records()] == ["terminal closed"]
    assert (copy / "PG_VERSION").exists()


def test_no_answer_in_time(operator: Operator, copy: Path) -> None:
    own = operator.place / "home/.config/guardsh/config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[challenge]\npatience = 0.3\n")
    session = operator.types("rm", "-rf", str(copy))
    ended = session.end()
    assert ended.status == 77
    assert ended.seen.endswith("no answer in 0.3 s. Nothing was run.")
    assert (copy / "PG_VERSION").exists()
