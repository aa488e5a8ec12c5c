"""Clear and undo, of little, of a million files and of 20 GB, against `rm -rf`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.race import Program, Sight, race
from benchmarks.unrelated import GUARDSH, RM
from guardsh.model.saved import Saved, Way
from guardsh.remedies import moved, store
from guardsh.remedies.record import new_id

FILES = int(os.environ.get("FILES", "1_000_000"))
_SPARSE = 20  # files of 1 GB
_IN_ONE_DIRECTORY = 10_000
_ROUNDS = 21


def aside(scratch: Path) -> list[str]:
    """The aim: milliseconds, at any size."""
    store._OF_NODE = store._OF_ACCOUNT = str(scratch / "registry")
    small, large, sparse = scratch / "small", scratch / "large", scratch / "sparse"
    _plant(small, 1000)
    _plant(large, FILES)
    _plant(sparse, 0)
    for number in range(_SPARSE):
        (sparse / f"base/5/16384.{number}").touch()
        os.truncate(sparse / f"base/5/16384.{number}", 1 << 30)
    os.sync()
    places = {"1 000 files": small, f"{FILES:_} files".replace("_", " "): large, f"{_SPARSE} GB, sparse": sparse}
    rows = race([sight for name, data in places.items() for sight in _sights(name, data)], _ROUNDS)
    dry = [
        Program(f"guardsh clear --dry-run of {name}", (GUARDSH, "clear", "--dry-run", str(data)))
        for name, data in places.items()
    ]
    bare = [Program("python -c 'import guardsh.guard'", (sys.executable, "-c", "import guardsh.guard"))]
    return [*rows, *race([*bare, *dry], 5), *(_rm(name, data) for name, data in places.items())]


def _sights(name: str, data: Path) -> list[Sight]:
    return [
        Sight(f"clear, then undo, of {name}: clear", lambda: _there_and_back(data, _emptied)[0]),
        Sight(f"clear, then undo, of {name}: undo", lambda: _there_and_back(data, _emptied)[1]),
        Sight(f"clear --remove, then undo, of {name}: clear", lambda: _there_and_back(data, _removed)[0]),
        Sight(f"clear --remove, then undo, of {name}: undo", lambda: _there_and_back(data, _removed)[1]),
    ]


def _there_and_back(data: Path, clear: Callable[[Path], Saved]) -> tuple[float, float]:
    start = time.perf_counter()
    kept = clear(data)
    between = time.perf_counter()
    moved.put_back(kept)
    return between - start, time.perf_counter() - between


def _emptied(data: Path) -> Saved:
    return moved.empty(str(data), str(data.parent), _about(str(data)))


def _removed(data: Path) -> Saved:
    above = str(data.parent)
    return moved.move((data.name,), above, above, _about(above))


def _about(origin: str) -> Saved:
    now = time.time()
    return Saved(new_id(now), Way.MOVED, now, (origin,), "", "a data directory")


def _rm(name: str, data: Path) -> str:
    took = Program("rm", (RM, "-rf", str(data))).seconds() * 1000
    return f"  {f'rm -rf of {name}':<52} {took:9.1f} ms   n = 1"


def _plant(data: Path, files: int) -> None:
    """As a data directory looks at its top, with all files below base."""
    for name in ("base/5", "global", "pg_wal", "pg_xact", "pg_tblspc", "pg_notify", "pg_replslot", "pg_stat"):
        (data / name).mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    (data / "base/5/1259").write_text("x")
    for number in range(files):
        directory = f"{data}/base/{number // _IN_ONE_DIRECTORY + 100}"
        if number % _IN_ONE_DIRECTORY == 0:
            os.mkdir(directory)
        os.close(os.open(f"{directory}/{number}", os.O_CREAT | os.O_WRONLY))
