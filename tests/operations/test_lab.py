"""Servers of a lab leave nothing behind."""

from __future__ import annotations

import os
import tempfile

import pytest

from guardsh.operations.lab import Lab
from tests.postgres.lab import every_version


@pytest.mark.skipif(not every_version(), reason="no PostgreSQL server programs on this machine")
def test_no_shared_memory_is_left_of_a_server_that_somebody_holds_still() -> None:
    with tempfile.TemporaryDirectory(prefix="guardsh-") as directory:
        os.chmod(directory, 0o755)
        with Lab(directory) as lab:
            server = lab.primary()
            with open(server.path("postmaster.pid"), encoding="ascii") as file:
                segment = file.read().splitlines()[6].split()[1]  # miscinit.h: key and id
            assert segment in _segments()
            server.suspend()
        assert segment not in _segments()


def _segments() -> list[str]:
    """By /proc/sysvipc/shm (proc(5)); the second column is the id."""
    with open("/proc/sysvipc/shm", encoding="ascii") as file:
        return [line.split()[1] for line in file]
