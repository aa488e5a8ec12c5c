"""10:45: the restored server is started in standby mode, with neither a primary nor a restore_command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress

import pytest

from guardsh.operations.binaries import LabError
from guardsh.operations.lab import LabServer
from tests.faults.operator import Operator, started_log


@pytest.fixture
def restored(operator: Operator) -> Iterator[LabServer]:
    """A base backup with standby.signal in it, never started."""
    lab = operator.stage.primary.lab
    server = lab.add("restored")
    lab.copy(operator.stage.primary, server.directory)
    server.touch("standby.signal")
    yield server
    with suppress(LabError):
        lab.run("pg_ctl", "stop", "-m", "immediate", "-D", server.directory)
    shutil.rmtree(server.directory)
    lab.servers.remove(server)


def test_it_is_said_before_the_start_with_the_line_to_add(operator: Operator, restored: LabServer) -> None:
    session = operator.types("pg_ctl", "start", "-D", restored.directory, "-l", started_log(restored))
    ended = session.answer(f"{operator.host} primary")
    assert ended.status == 77
    assert (
        "With standby.signal, and neither primary_conninfo nor restore_command, it would wait for WAL for ever."
    ) in ended.seen
    assert (
        "hint: add to postgresql.auto.conf: primary_conninfo = 'host=PRIMARY port=5432 user=replication'" in ended.seen
    )
    assert not os.path.exists(restored.path("postmaster.pid"))


def test_with_the_line_it_starts_with_a_notice(operator: Operator, restored: LabServer) -> None:
    primary = operator.stage.primary
    own = {"port": str(restored.port), "cluster_name": "restored"}
    restored.configure({"primary_conninfo": f"host={primary.lab.sockets} port={primary.port} user=postgres", **own})
    ended = operator.types("pg_ctl", "start", "-D", restored.directory, "-l", started_log(restored)).end()
    assert ended.status == 0
    assert f"It will come up as a replica, streaming from {primary.lab.sockets}:{primary.port}." in ended.seen
    restored.until("select pg_is_in_recovery()")
