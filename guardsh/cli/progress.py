"""guardsh progress: resync, recovery, reshape, scrub and salvage as they go."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import click

from guardsh.model.observed import Known, Unknown
from guardsh.model.storage import Arrays
from guardsh.observe import node
from guardsh.screen import escape
from guardsh.screen.facts import SCHEMA, facts
from guardsh.screen.progress import bars
from guardsh.system import under_way
from guardsh.system.apart import Deadline
from guardsh.system.under_way import UnderWay

_DEADLINE = 2.0  # seconds for a look
_AT_A_TERMINAL, _ELSEWHERE = 1.0, 10.0  # seconds between two looks
NOT_KNOWN = 3


@click.command("progress")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object in a line at every look.")
def command(as_json: bool) -> None:
    """Show resync, recovery, reshape, scrub and a running salvage with rate and time left, until nothing moves.

    Bars that are drawn again every second at a terminal; elsewhere one line for each array every ten seconds. Ctrl-C
    ends the looking, and nothing else. Exit status: 0, or 3 where the arrays cannot be seen.

    \b
    guardsh progress
    guardsh progress --json | jq '.arrays.value[].progress'
    """
    live = sys.stdout.isatty() and not as_json
    try:
        show = _as_json if as_json else shown
        sys.exit(follow(_look, show, _AT_A_TERMINAL if live else _ELSEWHERE, live=live))
    except KeyboardInterrupt:
        click.echo()


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen at one moment."""

    arrays: Arrays
    copies: tuple[UnderWay, ...] = ()

    @property
    def moves(self) -> bool:
        arrays = self.arrays.value if isinstance(self.arrays, Known) else ()
        return bool(self.copies) or any(each.progress is not None and not each.progress.held for each in arrays)


def follow(look: Callable[[], Sight], shown: Callable[[Sight], list[str]], interval: float, *, live: bool) -> int:
    """Print what ``look`` sees every ``interval`` seconds, over itself where ``live``; the exit status."""
    drawn = 0
    while True:
        seen = look()
        lines = shown(seen)
        sys.stdout.write((escape.up(drawn) if live and drawn else "") + "\n".join(lines) + "\n")
        sys.stdout.flush()
        drawn = len(lines)
        if not seen.moves:
            return NOT_KNOWN if isinstance(seen.arrays, Unknown) else 0
        time.sleep(interval)


def _look() -> Sight:
    deadline = Deadline(_DEADLINE)
    found = node.look_at_arrays(deadline).result(deadline)
    return Sight(found.value if isinstance(found, Known) else found, under_way.seen())


def shown(seen: Sight) -> list[str]:
    """For people."""
    width = shutil.get_terminal_size().columns
    if isinstance(seen.arrays, Unknown):
        return [f"what the arrays do is not known: {seen.arrays.why}", *bars((), seen.copies, width)]
    return bars(seen.arrays.value, seen.copies, width) or ["nothing is resyncing, recovering or reshaping"]


def _as_json(seen: Sight) -> list[str]:
    return [json.dumps({"schema": SCHEMA, "seen": node.now(), **facts(seen)})]
