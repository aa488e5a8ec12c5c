"""18:06: the data partition is remounted read-only, 39 minutes after the deletion. (A real disk: tests/salvage.)"""

from __future__ import annotations

import subprocess

from tests.faults.operator import Operator, one_line
from tests.salvage.conftest import states


def test_one_command_says_the_order_holds_the_server_and_asks(breaker: Operator) -> None:
    primary = breaker.stage.primary
    subprocess.run(["rm", "-rf", primary.directory], check=False, capture_output=True)
    session = breaker.types("guardsh", "freeze", primary.directory)
    session.wait_for_question()
    assert states(primary.family()) == {"T"}  # the clock is running: it is held before the question
    said = one_line(session.raw.decode())
    order = ["1. The HA manager", "2. The server of", "3. /", "Do not stop: the server's processes", "Undone with"]
    places = [said.find(text) for text in order]
    assert -1 not in places and places == sorted(places)
    session.type(f"{breaker.host} primary\n")
    ended = session.end()
    assert (ended.status, "stays writable" in ended.seen) == (1, True)  # the machine's own disk: it would hang
    assert states(primary.family()) == {"T"}
    assert "T" not in states(breaker.stage.replica.family())
    (record,) = breaker.records()
    assert (record["outcome"], record["argv"][:2]) == ("accept", ["fsfreeze", "--freeze"])
