"""Several ways to do one thing, timed side by side."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


def nothing() -> None:
    """There is nothing to prepare."""


@dataclass(frozen=True)
class Program:
    """A command to run from start to end; ``statuses`` are the exit statuses of a valid run.

    ``prepare`` comes before each run and is not timed.
    """

    name: str
    words: tuple[str, ...]
    prepare: Callable[[], None] = nothing
    environment: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[int, ...] = (0,)

    def seconds(self) -> float:
        self.prepare()
        quiet = [(os.POSIX_SPAWN_OPEN, stream, "/dev/null", os.O_RDWR, 0) for stream in (0, 1, 2)]
        start = time.perf_counter()
        pid = os.posix_spawn(self.words[0], self.words, {**os.environ, **self.environment}, file_actions=quiet)
        _, status = os.waitpid(pid, 0)
        took = time.perf_counter() - start
        assert os.waitstatus_to_exitcode(status) in self.statuses, (self.name, status)
        return took


@dataclass(frozen=True)
class Sight:
    """Something to wait for that is not the end of a program; ``seconds`` runs it once."""

    name: str
    seconds: Callable[[], float]


Contender = Program | Sight


def race(contenders: Sequence[Contender], rounds: int) -> list[str]:
    """Lines of a table: median, quartiles and the ratio to the first contender, from interleaved runs."""
    for contender in contenders:  # caches are warm for all of them
        contender.seconds()
    times: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in random.sample(contenders, len(contenders)):
            times[contender.name].append(contender.seconds() * 1000)
    first = statistics.median(times[contenders[0].name])
    return [_row(name, values, first) for name, values in times.items()]


def _row(name: str, values: Sequence[float], first: float) -> str:
    low, median, high = statistics.quantiles(values, n=4)
    return f"  {name:<52} {median:9.1f} ms   {low:9.1f} to {high:9.1f}   x {median / first:6.2f}   n = {len(values)}"
