"""A primary of one's own to be hurt, an operator beside it, and a DEST on another file system."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from guardsh.operations import stage
from guardsh.operations.lab import SETTINGS, Lab, LabServer
from tests.faults.operator import Operator, may_reach

_OTHER = "/dev/shm"  # a tmpfs wherever glibc is
# Once its directory is gone a server PANICs as soon as it writes WAL to a segment that it has not open.
PATIENT = {"autovacuum": "off", "wal_writer_delay": "10s"}


@dataclass
class Scene:
    """``primary`` has a table with ten thousand rows; sessions started by ``session`` end with the scene."""

    lab: Lab
    primary: LabServer
    operator: Operator
    rescue: Path  # on another file system, DEST's parent
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def destination(self) -> str:
        return str(self.rescue / "dest")

    def session(self, statement: str = "select sum(id) from rows") -> None:
        """A client that has asked this, and stays."""
        where = ("-h", self.lab.sockets, "-p", str(self.primary.port), "-U", "postgres", "postgres")
        script = (
            f"({{ echo '{statement};'; exec sleep 600; }}) | {self.lab.binaries.path('psql')} -XAtq {' '.join(where)}"
        )
        begun = subprocess.Popen(
            ["sh", "-c", script], stdout=subprocess.PIPE, env=self.lab.environment(), start_new_session=True
        )
        self.started.append(begun)
        assert begun.stdout is not None
        begun.stdout.readline()

    def salvages(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Without a terminal."""
        return self.operator.unattended("guardsh", "salvage", *(words or (self.primary.directory, self.destination)))

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.rescue / "dest/manifest.json").read_text())
        return found

    def saved(self, below: str = "") -> dict[str, str]:
        """sha256 of every file below DEST/data, by its path there."""
        return checksums(os.path.join(self.destination, "data", below))


def checksums(top: str) -> dict[str, str]:
    found = {}
    for here, _, files in os.walk(top):
        for name in files:
            path = os.path.join(here, name)
            found[os.path.relpath(path, top)] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return found


def states(pids: Sequence[int]) -> set[str]:
    """The letters of proc(5)."""
    return {Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in pids}


@pytest.fixture
def rescue() -> Iterator[Path]:
    if not os.access(_OTHER, os.W_OK) or os.stat(_OTHER).st_dev == os.stat(tempfile.gettempdir()).st_dev:
        pytest.skip(f"{_OTHER} is no other file system that can be written")
    made = Path(tempfile.mkdtemp(prefix="guardsh-", dir=_OTHER))
    try:
        yield made
    finally:
        shutil.rmtree(made)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Lab], str]:
    """What initdb makes, once for all: a copy takes a quarter of the time."""
    place = str(tmp_path_factory.mktemp("template") / "data")

    def made(lab: Lab) -> str:
        if not os.path.exists(place):
            lab.initialise(lab.add("template").directory)
            subprocess.run(["cp", "-a", lab.servers.pop().directory, place], check=True)
        return place

    return made


@pytest.fixture
def make_scene(
    lab: Lab, template: Callable[[Lab], str], tmp_path: Path, rescue: Path
) -> Iterator[Callable[..., Scene]]:
    made: list[Scene] = []

    def make(settings: dict[str, str] | None = None) -> Scene:
        source, primary = template(lab), lab.add("primary")
        subprocess.run(["cp", "-a", source, primary.directory], check=True)
        primary.configure({**SETTINGS, **lab._own_settings(primary), **PATIENT, **(settings or {})})
        primary.start()
        primary.sql("create table rows as select generate_series(1, 10000) as id")
        primary.sql("checkpoint")
        node = stage.Stage(lab.directory, primary, primary, "", "", stage._environment(lab))
        may_reach(tmp_path)
        made.append(Scene(lab, primary, Operator(node, tmp_path), rescue))
        return made[-1]

    try:
        yield make
    finally:
        for scene in made:
            for begun in scene.started:
                os.killpg(begun.pid, signal.SIGKILL)
                begun.wait()
                assert begun.stdout is not None
                begun.stdout.close()


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    return make_scene()
