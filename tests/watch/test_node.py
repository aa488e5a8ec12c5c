"""test_roles.py on a node of its own: in a namespace of processes where no other test's servers are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from guardsh.system import processes
from tests.watch.conftest import ALONE

ROLES = Path(__file__).with_name("test_roles.py")


@pytest.mark.slow
def test_roles_on_a_node_of_its_own() -> None:
    if ALONE in os.environ:
        pytest.skip("this is that node")
    pytest_there = [*namespace(), sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROLES)]
    done = subprocess.run(pytest_there, env={**os.environ, ALONE: "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def namespace() -> list[str]:
    """What runs a command where it sees its own processes only; nothing is needed where no servers run."""
    unshare = [shutil.which("unshare") or "unshare", "--pid", "--mount-proc", "--fork", "--kill-child"]
    if os.geteuid() == 0 and subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
        return unshare
    if processes.servers():
        pytest.skip("other servers run on this machine, and no namespace may be made")
    return []
