"""What the watcher takes while nothing happens and while roles change, and how soon a terminal shows a promotion."""

from __future__ import annotations

import os
import pty
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from guardsh.operations.lab import Lab, LabServer
from guardsh.screen import palette

PROMOTIONS = 50
QUIET = 60.0  # seconds
RED = f"\x1b]11;{palette.PRIMARY.dark}\x1b\\".encode()
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process has taken so far: seconds of processor (children included), wake-ups, the moment."""

    cpu: float
    wakes: int
    when: float


def watcher_idle(scratch: Path) -> list[str]:
    """The aim: at most 30 MB and 0.5 % of a core beside a primary and its replica."""
    with Lab(str(scratch / "lab")) as lab:
        primary = lab.primary()
        lab.replica(primary)
        with watching(scratch) as watcher:
            time.sleep(15)
            before = taken(watcher)
            time.sleep(QUIET)
            return [usage("nothing happens", before, taken(watcher)), memory(watcher)]


def promotion(scratch: Path) -> list[str]:
    """The aim: 100 ms in the median. Until a session of ours is told so, and from then to the terminal."""
    with Lab(str(scratch / "lab")) as lab:
        server = lab.primary()
        with watching(scratch) as watcher, terminal(scratch) as screen:
            time.sleep(3)
            before = taken(watcher)
            measured = [promoted(server, screen) for _ in range(PROMOTIONS)]
            rows = [usage("promoted and demoted in a loop", before, taken(watcher)), memory(watcher)]
    asked, told = zip(*measured, strict=True)
    return [spread("pg_promote() to recoloured terminal", asked), spread("role changed to recoloured", told), *rows]


def promoted(server: LabServer, screen: int) -> tuple[float, float]:
    """Seconds from the order, and from the moment that pg_is_in_recovery() is false, to the terminal."""
    server.stop()
    server.touch("standby.signal")
    server.start()
    time.sleep(3)  # as before any real promotion, the node has been at rest
    drain(screen)
    where = f"host={server.lab.sockets} port={server.port} user=postgres dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        ordered = time.perf_counter()
        connection.execute("select pg_promote(false)")
        while connection.execute("select pg_is_in_recovery()").fetchall() == [(True,)]:
            time.sleep(0.001)
        changed = time.perf_counter()
        shown = b""
        while RED not in shown:
            assert select.select([screen], [], [], 10)[0], "not recoloured"
            shown += os.read(screen, 1 << 12)
        painted = time.perf_counter()
    return painted - ordered, max(0.0, painted - changed)


@contextmanager
def watching(scratch: Path) -> Iterator[int]:
    """A watcher as it is installed; its process id."""
    environment = {**os.environ, "GUARDSH_STATE": str(scratch / "run" / "state")}
    words = [sys.executable, str(Path(__file__).parent.parent / "scripts" / "guardsh"), "watch"]
    watcher = subprocess.Popen(words, env=environment)
    try:
        while not (scratch / "run" / "state").exists():
            time.sleep(0.05)
        yield watcher.pid
    finally:
        watcher.terminate()
        watcher.wait()


@contextmanager
def terminal(scratch: Path) -> Iterator[int]:
    """The other side of an idle terminal that has registered."""
    pid, screen = pty.fork()
    if pid == 0:
        os.execv("/bin/cat", ["cat"])
    (scratch / "run" / "terminals" / str(pid)).write_text("dark")
    try:
        yield screen
    finally:
        os.close(screen)
        os.waitpid(pid, 0)


def drain(screen: int) -> None:
    while select.select([screen], [], [], 0.05)[0]:
        os.read(screen, 1 << 12)


def taken(pid: int) -> Taken:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    wakes = next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
    return Taken(sum(map(int, fields[11:15])) / _TICK, wakes, time.monotonic())


def usage(what: str, before: Taken, after: Taken) -> str:
    seconds = after.when - before.when
    cpu, wakes = (after.cpu - before.cpu) / seconds, (after.wakes - before.wakes) / seconds
    return f"{what:<44}{cpu:8.2%} of a core{wakes:8.1f} wake-ups/s  in {seconds:.0f} s"


def memory(pid: int) -> str:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    most = int(fields["VmHWM"].split()[0]) / 1000
    return f"{'resident, at most':<44}{most:8.1f} MB"


def spread(what: str, seconds: tuple[float, ...]) -> str:
    middle, worst = statistics.median(seconds) * 1000, max(seconds) * 1000
    return f"{what:<44}{middle:8.1f} ms median{worst:8.1f} ms worst of {len(seconds)}"
