"""The answer beforehand, as automation gives it: compared with what is, never believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.operator import Operator, entries, incomplete_copy


def test_the_right_words(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    done = operator.unattended(
        "guardsh", "run", "--confirm", f"{operator.host} incomplete", "--", "rm", "-r", str(copy)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not copy.exists()
    (record,) = operator.records()
    assert (record["outcome"], record["answer"]) == ("accept", f"--confirm {operator.host} incomplete")


@pytest.mark.parametrize(
    "given", ["{} replica", "db-99 primary", "{} unknown", "primary", "", " ", "{} primary only copy", "{}"]
)
def test_the_wrong_words(operator: Operator, given: str) -> None:
    words = ("guardsh", "run", "--confirm", given.format(operator.host), "--")
    primary = operator.stage.primary
    done = operator.unattended(*words, "rm", "-rf", *entries(primary.directory))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (77, "", 1)
    assert f"this is {operator.host}, and it is the primary" in done.stderr
    assert os.path.exists(primary.path("PG_VERSION"))


def test_unknown_is_never_accepted(operator: Operator, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "postmaster.pid").mkdir()  # a stopped instance of which nothing else is known
    (data / "global").mkdir()
    (data / "global/pg_control").write_bytes(b"\xff" * 8192)
    (data / "PG_VERSION").write_text("15\n")
    words = ("guardsh", "run", "--confirm", f"{operator.host} unknown", "--", "rm", "-r", str(data))
    done = operator.unattended(*words)
    assert done.returncode == 77
    assert "--confirm is not accepted where the role is not known" in done.stderr
    assert data.exists()
