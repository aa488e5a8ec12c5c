"""What the operator was asked about changes while they type."""

from __future__ import annotations

import os

from tests.faults.operator import Operator, entries


def test_the_replica_is_promoted(breaker: Operator) -> None:
    replica = breaker.stage.replica
    session = breaker.types("rm", "-rf", *entries(replica.directory))
    session.wait_for_question()
    replica.promote()
    replica.until("select not pg_is_in_recovery()")
    session.type(f"{breaker.host} replica\n")
    ended = session.end()
    assert ended.status == 77
    assert ended.seen.endswith(f"the instance in {replica.directory} was replica and is now primary; not run")
    assert os.path.exists(replica.path("PG_VERSION"))
    (record,) = breaker.records()
    assert (record["outcome"], record["answer"]) == ("reject", f"{breaker.host} replica")
    assert record["detail"].endswith("was replica and is now primary")


def test_the_only_replica_goes(breaker: Operator) -> None:
    primary = breaker.stage.primary
    session = breaker.types("rm", "-rf", *entries(primary.directory))
    session.wait_for_question()
    breaker.stage.replica.stop()
    session.type(f"{breaker.host} primary\n")
    ended = session.end()
    assert ended.status == 77
    assert ended.seen.endswith("the verdict was challenge and is now refuse; not run")
    assert os.path.exists(primary.path("PG_VERSION"))


def test_the_instance_stops(breaker: Operator) -> None:
    replica = breaker.stage.replica
    session = breaker.types("rm", "-rf", *entries(replica.directory))
    session.wait_for_question()
    replica.stop()
    session.type(f"{breaker.host} replica\n")
    ended = session.end()
    assert ended.status == 77
    assert ended.seen.endswith("was running and is now stopped; not run")
