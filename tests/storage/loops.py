"""Loop devices over sparse files, and mounts that go with the process that made them."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from guardsh.model.observed import Known
from guardsh.observe import paths
from guardsh.system.apart import Deadline, apart

T = TypeVar("T")
SIZE = 16 << 20  # bytes
_CLONE_NEWNS = 0x20000  # sched.h


def attach(image: Path, size: int = SIZE) -> str:
    """A loop device over a new, blank file; the test is skipped where there can be none."""
    with open(image, "wb") as file:
        file.truncate(size)
    made = subprocess.run(["losetup", "-f", "--show", str(image)], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no loop device here: {made.stderr.strip()}")
    return made.stdout.strip()


def detach(device: str) -> None:
    subprocess.run(["losetup", "-d", device], check=True)


def with_mounts(work: Callable[[], T]) -> T:
    """``work`` in a child with mounts of its own, which go with it."""

    def inside() -> T:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        paths.lineage.cache_clear()
        return work()

    done = apart(inside, Deadline(60.0))
    assert isinstance(done, Known), done
    return done.value


def run(*words: str) -> None:
    subprocess.run(words, capture_output=True, check=True)


def plant(data: Path) -> None:
    """A stopped cluster, by its files."""
    for directory in ("base/5", "global", "pg_xact", "pg_wal"):
        (data / directory).mkdir(parents=True)
    for file in ("PG_VERSION", "global/pg_control", "base/5/PG_VERSION", "base/5/1259"):
        (data / file).write_text("15\n")
