"""PostgreSQL's programs look for argv[0] on PATH, to find what lies beside them: they must not find our link."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from guardsh.operations.binaries import Binaries
from guardsh.operations.lab import Lab, LabServer
from guardsh.system.apart import Account, Deadline, apart

FRONT_DOOR = Path(sys.executable).with_name("guardsh")


@pytest.fixture
def stopped(lab: Lab) -> LabServer:
    """A new cluster whose owner may run guardsh."""
    if lab.account is not None and not _may_run(lab.account):
        pytest.skip("the servers' account may not run this interpreter")
    server = lab.add("primary")
    lab.initialise(server.directory)
    server.configure({"unix_socket_directories": lab.sockets, "listen_addresses": ""})
    return server


def _may_run(account: Account) -> bool:
    seen = apart(lambda: os.access(FRONT_DOOR, os.X_OK) and os.access(sys.executable, os.X_OK), Deadline(5.0), account)
    return getattr(seen, "value", False) is True


def test_pg_ctl_starts_a_server_through_our_link(lab: Lab, stopped: LabServer) -> None:
    links = Path(lab.directory) / "links"
    links.mkdir()
    (links / "pg_ctl").symlink_to(FRONT_DOOR)
    path = f"{links}:{lab.binaries.directory}:/usr/bin:/bin"
    lab.binaries = Binaries(str(links), {**lab.binaries.environment, "PATH": path})
    try:
        lab.run("pg_ctl", "-D", stopped.directory, "-l", stopped.log, "-w", "start")
    finally:
        lab.run("pg_ctl", "-D", stopped.directory, "-m", "immediate", "-w", "stop")
    assert "database system is ready" in Path(stopped.log).read_text()
