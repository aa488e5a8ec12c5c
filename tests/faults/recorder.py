"""Record events in a process of its own: ``python -m tests.faults.recorder FILE FIRST COUNT SIZE``.

Each event's ``detail`` is its number, and SIZE bytes of operand go with it. One line of output for each: the number,
and the sink that took it, or why none did. The line comes after ``record`` has returned.
"""

from __future__ import annotations

import sys
import time

from guardsh.audit import trail
from guardsh.model.event import Event, Outcome


def event(number: int, size: int) -> Event:
    return Event(
        when=time.time(),
        outcome=Outcome.ACCEPT,
        operator={},
        host="db-01",
        cwd="/",
        argv=("rm", "x" * size),
        intent=(),
        verdict={},
        answer="",
        detail=str(number),
    )


def main(file: str, first: int, count: int, size: int) -> None:
    for number in range(first, first + count):
        try:
            print(number, trail.record(event(number, size), file), flush=True)
        except trail.NotRecorded as error:
            print(number, error, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
