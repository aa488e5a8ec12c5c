"""13:30: the old primary is started again after the fail-over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from guardsh.operations.binaries import LabError
from guardsh.operations.lab import LabServer
from tests.faults.operator import Ended, Operator, started_log


@pytest.fixture
def failed_over(breaker: Operator) -> Iterator[Operator]:
    """The replica is the primary now; pg_ctl starts servers that are not the lab's children."""
    primary, replica = breaker.stage.primary, breaker.stage.replica
    primary.stop()
    replica.promote()
    replica.until("select not pg_is_in_recovery()")
    yield breaker
    with suppress(LabError):
        primary.lab.run("pg_ctl", "stop", "-m", "immediate", "-D", primary.directory)


def start(operator: Operator, server: LabServer) -> Ended:
    return operator.types("pg_ctl", "start", "-D", server.directory, "-l", started_log(server)).end()


def test_it_says_that_it_comes_up_as_a_primary(failed_over: Operator) -> None:
    ended = start(failed_over, failed_over.stage.primary)
    assert ended.status == 0
    notice, _, _ = ended.seen.partition(" Running. ")
    assert notice.startswith(f"guardsh: {failed_over.host}: It will come up as a primary; it last wrote ")
    assert "server started" in ended.seen
    (record,) = failed_over.records()
    assert (record["outcome"], record["detail"]) == ("accept", "runs")


def test_it_says_from_where_it_will_stream(failed_over: Operator) -> None:
    primary, replica = failed_over.stage.primary, failed_over.stage.replica
    primary.touch("standby.signal")
    where = f"host={replica.lab.sockets} port={replica.port} user=postgres password=secret"
    primary.configure({"primary_conninfo": where})
    ended = start(failed_over, primary)
    assert ended.status == 0
    source = f"{replica.lab.sockets}:{replica.port}"
    assert f"It will come up as a replica, streaming from {source}. " in ended.seen
    assert "secret" not in ended.seen
    replica.until("select count(*) = 1 from pg_stat_replication")
