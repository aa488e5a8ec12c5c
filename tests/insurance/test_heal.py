"""A live primary whose names are taken: put back before anybody notices, if nobody was allowed to take them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.install.machine import needs_namespaces

ROOT = Path(__file__).parents[2]
pytestmark = needs_namespaces


def stage(*words: str) -> dict[str, Any]:
    """What came of it, in a mount namespace of its own."""
    private = ("unshare", "--mount", "--propagation", "private", sys.executable, "-m", "tests.insurance.stage")
    done = subprocess.run([*private, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    if "cannot be told" in done.stdout:
        pytest.skip(done.stdout)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def check_whole(after: dict[str, Any]) -> None:
    """pg_amcheck, the restart and the comparison raise nothing."""
    assert "broken" not in after
    assert after["rows"] == after["rows_after_restart"] == after["acknowledged"]
    assert after["replica_equal"] and after["same_postmaster"]


@pytest.mark.parametrize("accident", ["rm DIR", "rm DIR/*", "find", "rm base", "mv DIR/*"])
def test_it_is_healed(accident: str) -> None:
    after = stage(accident)
    (moment,) = after["moments"]
    assert [each["healed"] for each in moment["heals"]] == [True] * len(moment["heals"]) != []
    assert sum(each["names"] for each in moment["heals"]) > 0
    check_whole(after)


def test_the_directory_cannot_be_moved() -> None:
    after = stage("mv DIR")
    (moment,) = after["moments"]
    assert (moment["status"], moment["heals"]) == (1, [])
    check_whole(after)


def test_an_ordinary_account_is_told_so() -> None:
    command = [sys.executable, "-m", "guardsh", "insure", "/tmp"]
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run([*become, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "only root can insure a directory" in done.stderr) == (1, True)
