"""guardsh progress: resync, recovery, reshape and scrub as they go."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable

import click

from guardsh.model.observed import Known, Unknown
from guardsh.model.storage import Array, Arrays
from guardsh.observe import node
from guardsh.screen import escape
from guardsh.screen.facts import SCHEMA, facts
from guardsh.screen.progress import bars
from guardsh.system.apart import Deadline

_DEADLINE = 2.0  # seconds for a look
_AT_A_TERMINAL, _ELSEWHERE = 1.0, 10.0  # seconds between two looks
NOT_KNOWN = 3


@click.command("progress")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object in a line at every look.")
def command(as_json: bool) -> None:
    """Show resync, recovery, reshape and scrub with rate and time left, until nothing moves.

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


def follow(look: Callable[[], Arrays], shown: Callable[[Arrays], list[str]], interval: float, *, live: bool) -> int:
    """Print what ``look`` sees every ``interval`` seconds, over itself where ``live``; the exit status."""
    drawn = 0
    while True:
        seen = look()
        lines = shown(seen)
        sys.stdout.write((escape.up(drawn) if live and drawn else "") + "\n".join(lines) + "\n")
        sys.stdout.flush()
        drawn = len(lines)
        if isinstance(seen, Unknown):
            return NOT_KNOWN
        if not any(map(_moves, seen.value)):
            return 0
        time.sleep(interval)


def _look() -> Arrays:
    deadline = Deadline(_DEADLINE)
    found = node.look_at_arrays(deadline).result(deadline)
    return found.value if isinstance(found, Known) else found


def _moves(array: Array) -> bool:
    return array.progress is not None and not array.progress.held


def shown(seen: Arrays) -> list[str]:
    """For people."""
    if isinstance(seen, Unknown):
        return [f"what the arrays do is not known: {seen.why}"]
    return bars(seen.value, shutil.get_terminal_size().columns) or ["nothing is resyncing, recovering or reshaping"]


def _as_json(seen: Arrays) -> list[str]:
    return [json.dumps({"schema": SCHEMA, "seen": node.now(), "arrays": facts(seen)})]
