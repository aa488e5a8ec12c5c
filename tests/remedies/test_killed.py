"""Killed at any system call, everything is at exactly one place, and the next look brings it to an end.

GUARDSH_CALLS=every tries those that only look, too; that takes minutes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from guardsh.remedies import moved, store

ROOT = Path(__file__).parents[2]
# What changes something, or may. Of the others, a kill before or after them is the same.
CHANGING = (
    *("mkdirat", "openat", "write", "fsync", "renameat", "renameat2", "rename", "unlinkat", "unlink", "rmdir"),
    *("fchown", "fchmod", "fsetxattr", "flock", "mkdir"),
)
EVERY = os.environ.get("GUARDSH_CALLS") == "every"
STARTS = {"empty": "", "stand in": "", "remove": "", "undo": "empty", "purge": "empty", "settle": "half"}
pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


class Place:
    """A data directory, and the files in it by what they hold."""

    def __init__(self, above: Path, before: str) -> None:
        self.data = above / "data"
        self.registry = above / "registry"
        for name in ("base/5", "global", "pg_wal"):
            (self.data / name).mkdir(parents=True)
            (self.data / name / "1").write_text(name)
        (self.data / "PG_VERSION").write_text("15\n")
        (self.data / "pg_notify").mkdir()
        self.above = above
        self.whole = self.files()
        store._OF_NODE = store._OF_ACCOUNT = str(self.registry)
        if before:
            self.run(before)

    def files(self) -> dict[int, bytes]:
        """By inode; a file at two places would be there once, and is looked for by ``everywhere``."""
        return {path.stat().st_ino: path.read_bytes() if path.is_file() else b"" for path in self.everywhere()}

    def everywhere(self) -> list[Path]:
        return [path for path in self.above.rglob("*") if is_leaf(path) and not self._is_ours(path)]

    def _is_ours(self, path: Path) -> bool:
        return path == self.registry or path.name.startswith("entry.json")

    def run(self, act: str, *tracing: str) -> subprocess.CompletedProcess[str]:
        acting = (sys.executable, "-m", "tests.remedies.acts", act, str(self.data), str(self.registry))
        return subprocess.run([*tracing, *acting], cwd=ROOT, capture_output=True, text=True, check=False)


def is_leaf(path: Path) -> bool:
    return path.is_file() or path.name == "pg_notify"


def calls(act: str, above: Path) -> list[tuple[str, int]]:
    """Every changing system call of the act itself: its name, and the how-many-th of that name in the process."""
    place, log = Place(above, STARTS[act]), above.parent / "trace"
    done = place.run(act, "strace", "-f", "-o", str(log), "-e", f"trace={'all' if EVERY else ','.join(CHANGING)}")
    assert done.returncode == 0, done.stderr
    counted: dict[str, int] = {}
    found: list[tuple[str, int]] = []
    begun = False
    for line in log.read_text().splitlines():
        name = re.sub(r"^\d+ +", "", line).partition("(")[0]
        if name in CHANGING or (EVERY and re.fullmatch(r"[a-z_0-9]+", name) and name != "exit_group"):
            counted[name] = counted.get(name, 0) + 1
            begun = begun or ".guardsh-moved" in line or str(place.registry) in line
            if begun and (EVERY or name != "openat" or "O_CREAT" in line):
                found.append((name, counted[name]))
    return found


@pytest.mark.parametrize("act", STARTS)
def test_killed_at_every_system_call(act: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_OF_NODE", "")
    monkeypatch.setattr(store, "_OF_ACCOUNT", "")
    monkeypatch.setattr(moved, "_MANY", moved._MANY)
    kills = calls(act, tmp_path / "counted")
    assert len(kills) > 10
    for number, (name, count) in enumerate(kills):
        place = Place(tmp_path / str(number), STARTS[act])
        inject = f"inject={name}:signal=KILL:when={count}"
        done = place.run(act, "strace", "-f", "-o", os.devnull, "-e", f"trace={name}", "-e", inject)
        assert done.returncode != 0 or name not in CHANGING, (name, count)  # not every run asks alike for memory
        if act != "purge":
            assert len(place.everywhere()) == len(place.whole), (name, count)
            assert place.files() == place.whole, (name, count)
        check_settled(place, act, (name, count))
        shutil.rmtree(place.above)


def check_settled(place: Place, act: str, kill: tuple[str, int]) -> None:
    listed = moved.saved([str(place.data)])
    if act == "purge":
        if listed:  # it had not begun
            moved.purge(listed[0])
        assert place.everywhere() == [], kill
        return
    inside = [path for path in place.everywhere() if place.data in path.parents]
    assert len(inside) in (0, len(place.whole)), kill
    assert bool(listed) is (not inside), kill
    for this in listed:
        moved.put_back(this)
    assert {path: path.stat().st_ino for path in place.data.rglob("*") if is_leaf(path)}.keys() == {
        place.data / name for name in ("PG_VERSION", "base/5/1", "global/1", "pg_wal/1", "pg_notify")
    }
    assert place.files() == place.whole, kill
    left = {path.name for path in place.above.rglob("*") if place.data not in (path, *path.parents)}
    assert left <= {place.registry.name, store.name()}, kill
