"""An account that may read nothing of a server's: what it cannot see counts as a primary."""

from __future__ import annotations

import os
from pathlib import Path

from tests.faults.operator import Operator, entries, needs_namespaces

pytestmark = needs_namespaces


def test_the_primary_is_asked_about(operator: Operator) -> None:
    primary = operator.stage.primary.directory
    for operands in ([primary], [f"{primary}/base"], entries(primary)):
        ended = operator.ordinary("rm", "-rf", *operands).answer(f"{operator.host} replica")
        assert ended.status == 77
        assert f"this is {operator.host}, and it is " in ended.seen
        assert "permission denied" in ended.seen
        assert "could not record" not in ended.seen
    assert operator.records() == []  # /var/log is root's
    assert len((operator.place / "home/.local/state/guardsh/audit.jsonl").read_text().splitlines()) == 3


def test_after_the_right_answer_the_kernel_decides(operator: Operator) -> None:
    directory = operator.stage.replica.directory
    ended = operator.ordinary("rm", "-rf", directory).answer(f"{operator.host} unknown")
    assert ended.status == 1
    assert "guardsh: could not move aside: " in ended.seen
    assert ": permission denied; nothing was deleted" in ended.seen
    assert os.path.exists(operator.stage.replica.path("PG_VERSION"))


def test_what_is_its_own_is_nobody_elses_business(operator: Operator) -> None:
    build: Path = operator.place / "home/build"
    build.mkdir()
    ended = operator.ordinary("rm", "-rf", str(build)).end()
    assert (ended.status, ended.seen) == (0, "")
    assert not build.exists()
