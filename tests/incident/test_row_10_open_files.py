"""17:30: the data directory of the primary has been deleted, and somebody hopes for the files that are still open."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.operator import Operator, entries
from tests.salvage.conftest import PATIENT, states


def test_the_open_files_come_home_and_the_replica_is_named(breaker: Operator, rescue: Path) -> None:
    primary, replica = breaker.stage.primary, breaker.stage.replica
    breaker.configure('[undo]\nmove_aside = "never"\n')  # as on that day
    for name, value in PATIENT.items():
        primary.sql(f"alter system set {name} = '{value}'")
    primary.sql("select pg_reload_conf()")
    primary.sql("create table matrix as select generate_series(1, 1000) as id")
    primary.until("select bool_and(replay_lsn >= pg_current_wal_flush_lsn()) from pg_stat_replication")
    assert replica.sql("select count(*) from matrix") == "1000"
    assert breaker.types("rm", "-rf", *entries(primary.directory)).answer(f"{breaker.host} primary").status == 0

    session = breaker.types("guardsh", "salvage", primary.directory, str(rescue / "dest"))
    session.wait_for("s/c/q> ")
    assert states(primary.family()) == {"T"}  # before anything is asked
    session.type("s")
    ended = session.end()

    assert ended.status == 0
    assert "all of it read back, and the same" in ended.seen
    assert (
        f"A replica of the same cluster runs on this node, as process {replica.pid}: {replica.directory}" in ended.seen
    )
    assert f"pg_ctl promote -D {replica.directory}" in ended.seen
    manifest = json.loads((rescue / "dest/manifest.json").read_text())
    assert manifest["saved_deleted"]["files"] >= 1 and manifest["copies"][0]["rank"] == "wal"
    assert "global/pg_control" in manifest["absent"]

    replica.promote()  # as the report says
    replica.until("select not pg_is_in_recovery()")
    assert replica.sql("select count(*) from matrix") == "1000"
    answers = [record["answer"] for record in breaker.records()]
    assert answers == [f"{breaker.host} primary", "salvage", f"done: {manifest['files']} files"]
