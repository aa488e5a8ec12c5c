"""What other processes say of the copies that they make: read from their memory, and believed as far as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from guardsh.model.storage import Progress
from guardsh.system import under_way

_SAYS = """
import os, sys, time
from guardsh.model.storage import Progress
from guardsh.system.under_way import Told
told = Told(sys.argv[2])
told.say(Progress(1, 4, None))
told.say(Progress(2048, 4096, 1024))
if sys.argv[3]:
    os.pwrite(told._descriptor, sys.argv[3].encode().ljust(4096), 0)
if os.geteuid() == 0:
    os.setresuid(int(sys.argv[4]), int(sys.argv[4]), int(sys.argv[4]))
print("said", flush=True)
time.sleep(60)
"""


@contextmanager
def saying(what: str, instead: str = "", word: str = "salvage", uid: int = 0) -> Iterator[int]:
    words = [sys.executable, "-c", _SAYS, word, what, instead, str(uid)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "said\n"
        try:
            yield process.pid
        finally:
            process.kill()


def of(pid: int) -> list[under_way.UnderWay]:
    return [each for each in under_way.seen() if each.pid == pid]


def test_the_last_that_was_said() -> None:
    with saying("salvage to /mnt/\udcff\u00e4") as pid:
        [found] = of(pid)
        assert found == under_way.UnderWay(
            pid, "salvage to /mnt/\udcff\u00e4", Progress(2048, 4096, 1024, action="copy")
        )
        assert found.progress.seconds_left == 1.0
    assert of(pid) == []


@pytest.mark.parametrize(
    "instead",
    ["nonsense", "[]", '{"what": "x"}', '{"what": "x", "progress": 3}', '{"what": 1, "progress": {"done": "x"}}'],
)
def test_what_cannot_be_understood_is_left_out(instead: str) -> None:
    with saying("x", instead) as pid:
        assert of(pid) == []


def test_only_commands_that_copy_are_looked_into() -> None:
    with saying("x", word="status") as pid:
        assert of(pid) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root, to become another account")
def test_others_are_not_believed() -> None:
    with saying("x", uid=65534) as pid:
        assert of(pid) == []


def test_without_anonymous_files_the_copy_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: str) -> int:
        raise OSError(24, "too many open files")

    monkeypatch.setattr(os, "memfd_create", refused)  # not to be had in a test without harm to pytest itself
    told = under_way.Told("x")
    told.say(Progress(1, 2, None))
    told.close()
