"""What is kept before a command, against the bare tools: snapshots of a btrfs, and copies of single files."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.race import Program, Sight, race
from guardsh.model.instance import Instance
from guardsh.remedies import copies, snapshots
from guardsh.remedies.record import Occasion
from tests.postgres.lab import seen_at

_OCCASION = Occasion(("rm", "-rf", "DIRECTORY"), "anna")
_BYTES = 317 << 20
_ROUNDS = 15


def snapshot(scratch: Path) -> list[str]:
    """before() and the tools, on a data directory of 1 000 and of 10 000 files, 317 MB each."""
    if os.geteuid() != 0 or shutil.which("mkfs.btrfs") is None:
        return ["  needs root and btrfs-progs"]
    return [row for files in (1_000, 10_000) for row in _of(scratch, files)]


def _of(scratch: Path, files: int) -> Iterator[str]:
    with _btrfs(scratch) as point:
        data = point / "main"
        _run("btrfs", "subvolume", "create", str(data))
        _plant(data, files)
        yield f"  {files} files"
        yield from race(_contenders(point, seen_at(str(data), 10.0)), _ROUNDS)


def _contenders(point: Path, instance: Instance) -> list[Program | Sight]:
    data, bare, copy = point / "main", point / "bare", point / "copy"
    btrfs, cp = shutil.which("btrfs") or "btrfs", shutil.which("cp") or "cp"

    def without(path: Path) -> Callable[[], None]:
        return lambda: _remove(path)

    snapped = (btrfs, "subvolume", "snapshot", "-r", str(data), str(bare))
    return [
        Program("btrfs subvolume snapshot -r", snapped, without(bare)),
        Sight("snapshots.before()", lambda: _before(instance)),
        Program("cp -a --reflink=always", (cp, "-a", "--reflink=always", str(data), str(copy)), without(copy)),
        Sight("copies.before() of one file", lambda: _before_one(data / "base/5/0")),
    ]


def _before(instance: Instance) -> float:
    start = time.perf_counter()
    kept = snapshots.before([instance], _OCCASION, 30.0)
    took = time.perf_counter() - start
    for saved in kept.saved:
        snapshots.purge(saved)
    assert kept.saved, kept
    return took


def _before_one(file: Path) -> float:
    start = time.perf_counter()
    kept = copies.before([str(file)], _OCCASION, 30.0)
    took = time.perf_counter() - start
    for saved in kept.saved:
        copies.purge(saved)
    assert kept.saved, kept
    return took


def _remove(path: Path) -> None:
    if path.name == "bare" and path.exists():
        _run("btrfs", "subvolume", "delete", str(path))
    elif path.exists():
        shutil.rmtree(path)


def _plant(data: Path, files: int) -> None:
    for directory in ("base/5", "global", "pg_wal"):
        (data / directory).mkdir(parents=True)
    for name in ("PG_VERSION", "global/pg_control", "pg_wal/000000010000000000000001"):
        (data / name).write_text("15\n")
    block = os.urandom(_BYTES // files)
    for number in range(files):
        (data / "base/5" / str(number)).write_bytes(block)
    os.sync()


@contextmanager
def _btrfs(scratch: Path) -> Iterator[Path]:
    image, point = scratch / "image", scratch / "mnt"
    image.touch()
    os.truncate(image, 3 << 30)
    point.mkdir(exist_ok=True)
    device = _run("losetup", "-f", "--show", str(image)).strip()
    try:
        _run("mkfs.btrfs", "-q", "-f", device)
        _run("mount", device, str(point))
        try:
            yield point
        finally:
            _run("umount", "--recursive", str(point))
    finally:
        _run("losetup", "-d", device)


def _run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
