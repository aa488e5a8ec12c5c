"""Salvage: its rate against cp, and what it brings back in four accidents of a real server."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from guardsh.model.figures import size
from guardsh.operations.lab import Lab, LabServer
from guardsh.operations.salvage import inventory
from guardsh.operations.salvage.accident import Accident
from guardsh.system import suspension, verified_copy

_ROUNDS = 5
_ATTEMPTS = 4
_SCALE = "20"  # of pgbench: about 300 MB
_SHARED_MEMORY = "/dev/shm"


def salvage(scratch: Path) -> list[str]:
    """Rates and shares, as lines."""
    with Lab(str(scratch)) as lab:
        return [*_rates(lab), *_shares(lab)]


# The rate.


def _rates(lab: Lab) -> list[str]:
    """The same deleted files, by cp and by a salvage without and with reading back, interleaved."""
    server = _filled(lab, "rate")
    with _session(lab, server):
        subprocess.run(["rm", "-rf", server.directory], check=False, capture_output=True)
        members = suspension.halt(server.pid)
        sources = inventory.take(Accident(server.directory, f"/proc/{server.pid}/cwd", None, members)).sources
        total = sum(source.size for source in sources)
        ways: dict[str, Callable[[str], None]] = {
            "cp --sparse=always": lambda to: _cp([each.door for each in sources], to),
            "salvage, copying with sha256": lambda to: _copy([each.door for each in sources], to, check=False),
            "salvage, and reading back": lambda to: _copy([each.door for each in sources], to, check=True),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(_ROUNDS):
            for name, way in ways.items():
                times[name].append(_timed(way))
    first = statistics.median(times["cp --sparse=always"])
    return [
        f"  {name:<30} {size(total / statistics.median(each))}/s  ratio {first / statistics.median(each):.2f}"
        for name, each in times.items()
    ] + [f"  ({len(sources)} files, {size(total)}, to {_SHARED_MEMORY}; medians of {_ROUNDS})"]


def _timed(way: Callable[[str], None]) -> float:
    with tempfile.TemporaryDirectory(dir=_SHARED_MEMORY) as to:
        begun = time.perf_counter()
        way(to)
        return time.perf_counter() - begun


def _cp(doors: list[str], to: str) -> None:
    for number, door in enumerate(doors):
        subprocess.run(["cp", "--sparse=always", door, f"{to}/{number}"], check=True)


def _copy(doors: list[str], to: str, *, check: bool) -> None:
    with ThreadPoolExecutor(1) as hasher:
        for number, door in enumerate(doors):
            with open(door, "rb") as reading, open(f"{to}/{number}", "w+b") as writing:
                done = verified_copy.copy(reading.fileno(), writing.fileno(), _silent, hasher)
                assert not check or verified_copy.checksum(writing.fileno(), _silent) == done.sha256


def _silent(_: int) -> None:
    """Nobody watches."""


# What comes back.


@dataclass(frozen=True)
class Situation:
    """An accident of postgres.md 5.4; ``clients`` of pgbench, ``sessions`` that have read everything, and the seconds
    that pass before the salvage."""

    name: str
    clients: int
    sessions: int
    contents_only: bool = False
    after: float = 0.9


_SITUATIONS = (
    Situation("D1 directory, 4 clients and 2 sessions", 4, 2),
    Situation("D2 contents only, the same load", 4, 2, contents_only=True),
    Situation("D3a directory, 8 clients, at once", 8, 0, after=0.0),
    Situation("D3b directory, idle, nobody", 0, 0),
    Situation("D3c directory, idle, 1 session that has read 4 tables", 0, 1),
)


def _shares(lab: Lab) -> list[str]:
    return [f"  {each.name:<54} {_first_share(lab, each, number)}" for number, each in enumerate(_SITUATIONS)]


def _first_share(lab: Lab, situation: Situation, number: int) -> str:
    """A server under load may PANIC before the salvage: its WAL writer opens a segment that is gone. Then the next."""
    for attempt in range(_ATTEMPTS):
        share = _share(lab, situation, f"d{number}-{attempt}")
        if share:
            return share + (f" (after {attempt} that had ended by themselves)" if attempt else "")
    return f"the server had ended by itself, {_ATTEMPTS} times of {_ATTEMPTS}"


def _share(lab: Lab, situation: Situation, name: str) -> str:
    server = _filled(lab, name)
    with _load(lab, server, situation.clients), _sessions(lab, server, situation.sessions):
        time.sleep(3 if situation.clients else 0)
        before = _files(server.directory)
        target = f"{server.directory}/*" if situation.contents_only else server.directory
        subprocess.run(f"rm -rf {target}", shell=True, check=False, capture_output=True)
        time.sleep(situation.after)
        with tempfile.TemporaryDirectory(dir=_SHARED_MEMORY) as to:
            front_door = os.path.join(os.path.dirname(sys.executable), "guardsh")
            words = [front_door, "salvage", "--yes", server.directory, f"{to}/dest"]
            if subprocess.run(words, capture_output=True, check=False).returncode:
                return ""
            home = {name: there for name, there in _files(f"{to}/dest/data").items() if name in before}
    return _figures(before, home)


def _figures(before: dict[str, int], home: dict[str, int]) -> str:
    relations = [name for name in before if name.startswith("base/")]
    base = sum(home.get(name, 0) for name in relations) / sum(before[name] for name in relations)
    part = sum(home.values()) / sum(before.values())
    return f"{len(home)} of {len(before)} files, {part:.1%} of {size(sum(before.values()))}, {base:.1%} of base"


def _files(top: str) -> dict[str, int]:
    """Sizes by name, as they are on the whole file; what has gone meanwhile is left out."""
    found = {}
    for here, _, names in os.walk(top):
        for name in names:
            path = os.path.join(here, name)
            if os.path.exists(path):
                found[os.path.relpath(path, top)] = os.stat(path).st_size
    return found


# The server.


def _filled(lab: Lab, name: str) -> LabServer:
    settings = {"autovacuum": "off", "shared_buffers": "128MB", "full_page_writes": "off"}
    server = lab.primary(name, settings=settings)
    lab.run("pgbench", "-i", "-q", "-s", _SCALE, *_where(lab, server))
    server.sql("checkpoint")
    return server


def _where(lab: Lab, server: LabServer) -> tuple[str, ...]:
    return ("-h", lab.sockets, "-p", str(server.port), "-U", "postgres", "postgres")


@contextmanager
def _load(lab: Lab, server: LabServer, clients: int) -> Iterator[None]:
    """A hundred transactions a second, and little WAL: at its next segment a server without a directory PANICs."""
    if not clients:
        yield
        return
    words = ("-n", "-c", str(clients), "-T", "60", "--rate", "100", *_where(lab, server))
    running = lab.start("pgbench", *words, log=f"{server.directory}-load.log")
    try:
        yield
    finally:
        running.kill()
        running.wait()


@contextmanager
def _sessions(lab: Lab, server: LabServer, number: int) -> Iterator[None]:
    if not number:
        yield
        return
    with _session(lab, server), _sessions(lab, server, number - 1):
        yield


@contextmanager
def _session(lab: Lab, server: LabServer) -> Iterator[None]:
    tables = ("accounts", "branches", "tellers", "history")
    asked = " ".join(f"select count(*) from pgbench_{table};" for table in tables)
    script = (
        f"{{ echo '{asked}'; exec sleep 600; }} | {lab.binaries.path('psql')} -XAtq {' '.join(_where(lab, server))}"
    )
    begun = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert begun.stdout is not None
        for _ in tables:
            begun.stdout.readline()
        yield
    finally:
        os.killpg(begun.pid, signal.SIGKILL)
        begun.wait()
        server.kill()
