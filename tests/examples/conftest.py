"""A node as the examples expect one: a primary, its replica, an aborted restore, and a wal-g that really restores."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from guardsh.operations.binaries import installed
from guardsh.operations.lab import Lab
from guardsh.operations.stage import Stage, lay_out_restore, set_stage

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
FRONT_DOOR = Path(sys.executable).parent / "guardsh"

# No package manager brings wal-g. This one refuses a directory that is not empty, as wal-g does, and restores a base
# backup made beforehand.
_WAL_G = """\
#!/bin/sh
case $1 in --version) echo "wal-g version v3.0.8	0000000	2026.01.20_00:00:00	PostgreSQL"; exit ;; esac
if [ "$(ls -A "$2")" ]; then echo "ERROR: Directory $2 for delta base must be empty" >&2; exit 1; fi
cp -R {backup}/. "$2"
"""
# A host name of its own, and a /var/log of its own: the audit trail of these tests is not the machine's.
_AS_HOST = 'mount -t tmpfs tmpfs /var/log && hostname "$0" && exec "$@"'
APART = ("unshare", "--uts", "--mount", "sh", "-c", _AS_HOST)


@dataclass(frozen=True, slots=True)
class Node:
    """``backup`` is what wal-g restores: it comes up beside the primary and the replica, on a port of its own."""

    stage: Stage
    lab: Lab
    backup: str
    environment: dict[str, str]

    def run_as(self, host: str, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command as on a host of that name, without a terminal; what it said, both streams together."""
        return subprocess.run(
            [*APART, host, *command],
            cwd=self.stage.directory,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            check=False,
        )

    def lay_out_restore(self) -> None:
        shutil.rmtree(self.stage.restore)
        lay_out_restore(self.lab, self.stage.restore)


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    if not installed():
        pytest.skip("no PostgreSQL server programs on this machine")
    if subprocess.run([*APART, "db-02", "true"], capture_output=True, check=False).returncode:
        pytest.skip("host and mount namespaces cannot be had: needs root")
    directory = os.path.realpath(tempfile.mkdtemp(prefix="guardsh-"))
    os.chmod(directory, 0o755)
    try:
        with Lab(directory) as lab:
            yield _node(lab)
    finally:
        shutil.rmtree(directory)


def _node(lab: Lab) -> Node:
    stage = set_stage(lab)
    backup = lab.add("backup")
    lab.copy(stage.primary, backup.directory)
    backup.configure({"unix_socket_directories": lab.sockets, "port": str(backup.port), "cluster_name": "db-02"})
    tools = Path(lab.directory, "node")
    tools.mkdir()
    (tools / "wal-g").write_text(_WAL_G.format(backup=backup.directory))
    (tools / "wal-g").chmod(0o755)
    (tools / "guardsh").symlink_to(FRONT_DOOR)
    path = f"{tools}:{lab.binaries.directory}:{os.environ['PATH']}"
    owner = pwd.getpwuid(lab.account.uid if lab.account else os.getuid()).pw_name
    source = f"host={lab.sockets} port={stage.primary.port} user=postgres"
    given = {"PATH": path, "OWNER": owner, "SOURCE": source, "BACKUP": "LATEST"}
    return Node(stage, lab, backup.directory, {**os.environ, **lab.binaries.environment, **given})
