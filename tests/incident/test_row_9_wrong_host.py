"""17:27: the data directory of the primary is deleted on the wrong host."""

from __future__ import annotations

import os

from tests.faults.operator import Operator, entries, needs_namespaces, one_line


def unharmed(operator: Operator) -> bool:
    primary = operator.stage.primary
    return primary.sql("select 1") == "1" and os.path.exists(primary.path("PG_VERSION"))


def test_with_a_replica_it_asks_and_a_wrong_answer_is_told_the_difference(operator: Operator) -> None:
    ended = operator.types("rm", "-rf", *entries(operator.stage.primary.directory)).answer(f"{operator.host} replica")
    assert ended.status == 77
    assert f"{operator.host} PRIMARY PostgreSQL" in ended.seen
    assert "replicas 1 pg_stat_replication" in ended.seen
    assert "To run it, type the host name and the role of what it would hit" in ended.seen
    assert f"{operator.host} primary" not in ended.seen  # nothing to copy
    said = f"you typed {operator.host} replica; this is {operator.host}, and it is the primary. Nothing was run."
    assert ended.seen.endswith(said)
    assert unharmed(operator)
    (record,) = operator.records()
    assert (record["outcome"], record["answer"]) == ("reject", f"{operator.host} replica")


def test_the_only_live_copy_is_refused_and_an_override_asks_for_more_words(breaker: Operator) -> None:
    breaker.stage.replica.stop()
    line = ["rm", "-rf", *entries(breaker.stage.primary.directory)]
    refused = breaker.types(*line).end()
    assert refused.status == 77
    assert "This is the only live copy. Refused. hint: to override, with a reason" in refused.seen
    override = ["guardsh", "run", "--override", "INC-42: rebuilt from db-02", "--", *line]
    short = breaker.types(*override).answer(f"{breaker.host} primary")
    assert short.status == 77
    assert "the only live copy, which must be said in words" in short.seen
    assert unharmed(breaker)
    meant = breaker.types(*override).answer(f"{breaker.host} primary only copy")
    assert meant.status == 0
    assert os.listdir(breaker.stage.primary.directory) == []
    last = breaker.decisions()[-1]
    assert (last["outcome"], last["override"]) == ("accept", "INC-42: rebuilt from db-02")
    assert last["answer"] == f"{breaker.host} primary only copy"


def test_the_same_line_on_the_aborted_restore_is_one_line_of_notice(breaker: Operator) -> None:
    ended = breaker.types("rm", "-rf", *entries(breaker.stage.restore)).end()
    assert ended.status == 0
    assert ended.seen == (
        f"guardsh: {breaker.host}: 24 directories, no files: an aborted restore, not a cluster. Running."
    )
    assert os.listdir(breaker.stage.restore) == []


def test_without_a_terminal_it_is_refused_in_one_line(operator: Operator) -> None:
    done = operator.unattended("rm", "-rf", *entries(operator.stage.primary.directory))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (77, "", 1)
    assert "Refused." in done.stderr
    assert unharmed(operator)


@needs_namespaces
def test_a_host_name_is_no_evidence(operator: Operator) -> None:
    session = operator.types("rm", "-rf", *entries(operator.stage.primary.directory))
    session.wait_for_question()
    said = one_line(session.raw.decode())
    assert "note: the host name db-01 reads like a rank; that is no evidence of a role, and was not used." in said
    session.type("\x03")
    assert session.end().status == 77
    operator.host = "replica-2"
    ended = operator.types("rm", "-rf", *entries(operator.stage.primary.directory)).answer("replica-2 replica")
    assert ended.status == 77
    assert "this is replica-2, and it is the primary" in ended.seen
    assert unharmed(operator)


@needs_namespaces
def test_the_typed_phrase_really_deletes(breaker: Operator) -> None:
    ended = breaker.types("rm", "-rf", *entries(breaker.stage.primary.directory)).answer("db-01 primary")
    assert ended.status == 0
    assert os.listdir(breaker.stage.primary.directory) == []
    (record,) = breaker.decisions()
    assert (record["outcome"], record["answer"], record["host"]) == ("accept", "db-01 primary", "db-01")
