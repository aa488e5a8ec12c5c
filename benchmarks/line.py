"""What the line hook adds to a typed line: to one that is harmless, and to rm of one unrelated file."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.prompt import Contender, Running, home, ours

ROUNDS = 40
HARMLESS = {
    "short": "cd .",
    "of 120 characters": ": " + "--include=x.py some/path other/words; : more ; : " * 2 + "and the rest of it",
    "with a redirection": ": > {scratch}/note",
    "with redirections and quotes": ": 'a > b' \"$HOME\" >> {scratch}/note 2>&1",
}
SHELLS = ("bash", "zsh", "fish")


def line(scratch: Path) -> list[str]:
    """The aim: at most 0.2 ms for a harmless line, whatever the number of guarded names."""
    contenders = [each for shell in SHELLS for each in _contenders(shell) if each.available()]
    running = [Running(each, home(scratch), scratch / "state") for each in contenders]
    rows: list[str] = []
    for what, text in HARMLESS.items():
        rows += _race(f"a line, {what}", running, partial(_type, text.format(scratch=scratch)))
    rows += _race("rm of one file", running, partial(_rm, scratch))
    for each in running:
        each.pty.close(force=True)
    return rows


def _contenders(shell: str) -> Iterator[Contender]:
    yield Contender(shell, shell)
    yield Contender(f"{shell} + line hook", shell, ours(shell, "line"))
    yield Contender(f"{shell} + line hook and functions", shell, ours(shell, "line", "names"))


def _type(text: str, shell: Running) -> float:
    return shell.line(text)


def _rm(scratch: Path, shell: Running) -> float:
    (scratch / "note").touch()
    took = shell.line(f"rm {scratch}/note")
    assert not (scratch / "note").exists()
    return took


def _race(what: str, running: list[Running], seconds: Callable[[Running], float]) -> Iterator[str]:
    times: dict[str, list[float]] = {each.contender.name: [] for each in running}
    for _ in range(ROUNDS):
        for each in random.sample(running, len(running)):
            each.quiet()
            seconds(each)  # the first after a pause finds the processor's caches cold
            times[each.contender.name].append(seconds(each) * 1000)
    yield f"  {what + ', ms':<44} {'median':>8} {'quartiles':>18} {'added':>8}"
    bare = 0.0
    for name, values in times.items():
        low, median, high = statistics.quantiles(values, n=4)
        if " " not in name:
            bare = median
        spread = f"{low:.3f} to {high:.3f}"
        yield f"  {name:<44} {median:8.3f} {spread:>18} {median - bare:8.3f}"
