"""Races with another account, which owns the directory in which the store lies, lead nowhere."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guardsh.remedies import moved, store
from guardsh.remedies.record import NotDoneError
from tests.faults.operator import may_reach
from tests.remedies.conftest import planted
from tests.remedies.test_moved import empty, looks, remove

NOBODY = 65534
ROOT = Path(__file__).parents[2]
_AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
_SECONDS = 3.0

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")


def inodes(top: Path) -> set[int]:
    return {os.lstat(path).st_ino for path in top.rglob("*") if not path.is_dir()}


def test_links_and_renames_at_any_moment(data: Path, tmp_path: Path) -> None:
    trap = planted(tmp_path / "trap")
    os.chown(data.parent, NOBODY, NOBODY)
    may_reach(data.parent)
    files, trapped = inodes(data.parent), looks(trap)
    words = [*_AS_NOBODY, sys.executable, "-m", "tests.remedies.attacker", str(trap)]
    attacker = subprocess.Popen(words, cwd=data.parent, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        done = moved_again_and_again(data)
    finally:
        attacker.kill()
        attacker.wait()
    assert done > 10
    assert looks(trap) == trapped
    assert not (data.parent / "seen").exists()
    assert inodes(data.parent) - leftovers(data.parent) == files


def moved_again_and_again(data: Path) -> int:
    done = 0
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        for each in (empty, remove):
            with contextlib.suppress(OSError, NotDoneError):
                each(data)
                done += 1
            for this in moved.saved([str(data)]):
                with contextlib.suppress(OSError, NotDoneError):
                    moved.put_back(this)
    return done


def leftovers(above: Path) -> set[int]:
    """The attacker's links, and our journals."""
    ours = [*above.glob(f"{store.name()}*/*/entry.json*"), *(path for path in above.iterdir() if path.is_symlink())]
    return {os.lstat(path).st_ino for path in ours}
