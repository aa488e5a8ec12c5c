"""17:26, and the wrong answer: the directory of a running primary is confirmed away, and comes back whole."""

from __future__ import annotations

import pytest

from guardsh.operations.binaries import LabError
from guardsh.operations.lab import LabServer
from tests.faults.operator import PATIENCE, Operator, needs_namespaces

pytestmark = needs_namespaces


class Writing:
    """A client that counts what the server has acknowledged."""

    def __init__(self, server: LabServer) -> None:
        server.sql("create table acknowledged (n int)")
        self.server, self.rows = server, 0

    def some(self) -> None:
        for _ in range(20):
            self.server.sql(f"insert into acknowledged values ({self.rows})")
            self.rows += 1

    def are_there(self) -> bool:
        return self.server.sql("select count(*), max(n) from acknowledged") == f"{self.rows}|{self.rows - 1}"


def removed(operator: Operator, form: str) -> str:
    """Remove the primary, as somebody does who answers whatever is asked; what stood on the terminal."""
    line = f"guardsh run --override 'no other copy' -- rm -rf {operator.stage.primary.directory}{form}"
    ended = operator.types_line(line).answer(f"{operator.host} primary")
    assert ended.status == 0, ended.seen
    return ended.seen


def test_the_server_runs_on_until_its_checkpoint_and_every_row_comes_back(breaker: Operator) -> None:
    primary = breaker.stage.primary
    writing = Writing(primary)
    seen = removed(breaker, "")
    assert "ends at its next checkpoint or before; undone in time it goes on, later undo it and start it" in seen
    writing.some()  # by the files that it has open, and from the directory that it stands in
    with pytest.raises(LabError, match="terminat"):
        primary.sql("checkpoint")
    assert primary.process is not None
    primary.process.wait(PATIENCE)
    assert breaker.types("guardsh", "undo").end().status == 0
    primary.start()
    assert writing.are_there()


def test_a_server_without_its_files_that_was_killed_recovers(breaker: Operator) -> None:
    primary = breaker.stage.primary
    writing = Writing(primary)
    writing.some()
    removed(breaker, "/*")
    primary.crash()
    assert breaker.types("guardsh", "undo").end().status == 0
    primary.start()
    assert writing.are_there()


@pytest.mark.parametrize("form", ["", "/*"])
def test_put_back_in_time_the_server_goes_on(breaker: Operator, form: str) -> None:
    primary = breaker.stage.primary
    writing = Writing(primary)
    removed(breaker, form)
    assert breaker.types("guardsh", "undo").end().status == 0
    writing.some()
    primary.sql("checkpoint")
    primary.crash()
    primary.start()
    assert writing.are_there()
