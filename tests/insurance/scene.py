"""One insured primary, and what its keeper tells."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from guardsh.operations.lab import Lab, LabServer
from guardsh.remedies.insured import Mode
from guardsh.system import kernel, proc
from tests.insurance.stage import kept, own_world, place, told

FARM = ".guardsh-insured"


class Scene:
    """A primary, its keeper, and what the keeper tells."""

    def __init__(self, lab: Lab, primary: LabServer) -> None:
        self.lab, self.primary = lab, primary
        self.heard = f"{lab.directory}/told"

    @property
    def heals(self) -> list[dict[str, Any]]:
        return told(self.heard)

    def rows(self) -> int:
        return int(self.primary.sql("select count(*) from t"))

    def settle(self) -> list[dict[str, Any]]:
        time.sleep(0.7)
        return self.heals


@contextlib.contextmanager
def scene(lab: Lab, mode: Mode = Mode.HEAL) -> Iterator[Scene]:
    this = Scene(lab, lab.primary(settings={"max_wal_size": "32MB", "min_wal_size": "32MB"}))
    this.primary.sql("create table t as select generate_series(1, 10000) a")
    with kept(this.primary.directory, this.heard, mode):
        yield this


def difference(directory: str) -> list[tuple[str, int]]:
    """Names that only the directory or only its farm has."""
    view = kernel.open_tree(os.path.dirname(directory))
    below = f"/proc/self/fd/{view}/{FARM}/{os.path.basename(directory)}/names"
    try:
        real, second = _files(directory), _files(below)
    finally:
        os.close(view)
    return sorted(real ^ second)


def _files(top: str) -> set[tuple[str, int]]:
    found = set()
    for path, _, names in os.walk(top):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                status = os.lstat(f"{path}/{name}")
                if os.path.isfile(f"{path}/{name}") and not os.path.islink(f"{path}/{name}"):
                    found.add((f"{path.removeprefix(top)}/{name}", status.st_ino))
    return found


def written(path: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write("x")
    time.sleep(0.2)


def state(pid: int) -> str:
    """The letter of proc(5); X where it is gone."""
    process = proc.parse_stat(proc.read(f"/proc/{pid}/stat"))
    return process.state if process is not None else "X"


def play(scenarios: Mapping[str, Callable[[Lab], dict[str, Any]]]) -> None:
    """Play the one that the command line names, and print what it gives, as JSON."""
    own_world()
    with place() as directory, Lab(directory) as lab:
        print(json.dumps(scenarios[sys.argv[1]](lab)))
