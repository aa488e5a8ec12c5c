"""The lab that demo and tests stand on: it leaves no process behind, whatever happens in it."""

from __future__ import annotations

import os

import pytest

from guardsh.operations.lab import Lab, LabError
from guardsh.system import processes
from tests.postgres.lab import pair


def _running(lab: Lab) -> list[int]:
    below = lab.directory + os.sep
    return [each.pid for each in processes.servers() if each.directory and each.directory.path.startswith(below)]


def test_every_server_ends_with_its_lab(lab: Lab) -> None:
    with lab:
        both = pair(lab)
        both.replica.suspend()
        assert sorted(_running(lab)) == sorted([both.primary.pid, both.replica.pid])
        children = [*both.primary.family(), *both.replica.family()]
    assert _running(lab) == []
    assert not any(map(_lives, children))


def test_server_that_is_only_starting_ends_too(lab: Lab) -> None:
    with lab:
        primary = lab.primary()
        primary.stop()
        primary.start(wait=False)
    assert _running(lab) == []


def test_server_that_cannot_start_says_why(lab: Lab) -> None:
    primary = lab.primary()
    primary.stop()
    primary.configure({"shared_buffers": "nonsense"})
    with pytest.raises(LabError, match='invalid value for parameter "shared_buffers"'):
        primary.start()


def test_program_that_fails_says_why(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"^psql: ERROR: .*syntax error"):
        lab.primary().sql("selec 1")


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
