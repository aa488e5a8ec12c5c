"""The restore runbook on a real pair: the right directory comes back as a replica, every wrong one is left alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from tests.examples.conftest import EXAMPLES, Node

RUNBOOK = EXAMPLES / "restore-runbook.sh"


@pytest.fixture
def restored(node: Node) -> Iterator[str]:
    """An aborted restore, which will be a running replica; stopped afterwards."""
    node.lay_out_restore()
    yield node.stage.restore
    if os.path.exists(os.path.join(node.stage.restore, "postmaster.pid")):
        node.lab.run("pg_ctl", "stop", "-D", node.stage.restore, "-m", "immediate")


def test_an_aborted_restore_becomes_a_replica(node: Node, restored: str) -> None:
    done = node.run_as("db-02", RUNBOOK, DATA=restored)
    assert done.returncode == 0, done.stdout
    assert "24 directories, no files: an aborted restore, not a cluster." in done.stdout
    assert "It will come up as a replica, streaming from" in done.stdout
    assert re.search(r"^holds +role is replica", done.stdout, re.MULTILINE)


def test_on_the_other_host_nothing_is_begun(node: Node) -> None:
    node.lay_out_restore()
    done = node.run_as("db-01", RUNBOOK, DATA=node.stage.restore)
    assert done.returncode == 1
    assert "does not   host is db-01" in done.stdout
    assert len(os.listdir(node.stage.restore)) == 17


def test_at_the_primary_it_stops(node: Node) -> None:
    primary = node.stage.primary
    done = node.run_as("db-02", RUNBOOK, DATA=primary.directory)
    assert done.returncode == 1
    assert "does not   state is running" in done.stdout
    assert "nothing further was run" in done.stdout
    assert primary.sql("select 1") == "1"


def test_a_stopped_cluster_is_not_taken_for_remains(node: Node) -> None:
    stopped = node.lab.add("stopped")
    node.lab.initialise(stopped.directory)
    before = os.listdir(stopped.directory)
    done = node.run_as("db-02", RUNBOOK, DATA=stopped.directory)
    assert done.returncode == 10
    assert "It would ask for host name and role." in " ".join(done.stdout.split())
    assert os.listdir(stopped.directory) == before


def test_it_takes_no_name_from_the_machine() -> None:
    assert not re.search(r"\$\((hostname|uname)|\$HOSTNAME", RUNBOOK.read_text())
