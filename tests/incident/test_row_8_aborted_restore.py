"""17:26: what the first restore left stands in the way of the second: an aborted restore, or a cluster?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.operator import Operator, incomplete_copy


def test_wal_g_into_the_remains_says_what_they_are(operator: Operator) -> None:
    ended = operator.types("wal-g", "backup-fetch", operator.stage.restore, "LATEST").end()
    notice, _, tool = ended.seen.partition(" Running. ")
    assert notice.startswith(f"guardsh: {operator.host}: 24 directories, no files: an aborted restore, not a cluster.")
    assert "wal-g will refuse by itself: the directory is not empty" in notice
    assert (ended.status, "must be empty" in tool) == (1, True)  # the tool's own answer


@pytest.mark.parametrize(("server", "role"), [("primary", "primary"), ("replica", "replica")])
def test_wal_g_into_a_cluster_asks(operator: Operator, server: str, role: str) -> None:
    session = operator.types("wal-g", "backup-fetch", os.path.join(operator.stage.directory, server), "LATEST")
    ended = session.answer("no")
    assert ended.status == 77
    assert f"would restore a backup into the data directory of a running {role}." in ended.seen


def test_data_of_half_a_day_is_no_aborted_restore(operator: Operator, tmp_path: Path) -> None:
    ended = operator.types("rm", "-rf", str(incomplete_copy(tmp_path))).answer("no")
    assert ended.status == 77
    assert "INCOMPLETE" in ended.seen


def test_a_restore_that_is_still_being_written_is_none_either(operator: Operator, tmp_path: Path) -> None:
    restore = tmp_path / "restore"
    (restore / "base" / "1").mkdir(parents=True)
    (restore / "pg_wal").mkdir()
    line = f"setsid sh -c 'exec sleep 60 >{restore}/base/1/112' & echo started; wait"
    writer = operator.types_line(line)
    writer.wait_for("started")
    try:
        ended = operator.types_line(f"until [ -e {restore}/base/1/112 ]; do :; done; exec rm -rf {restore}").answer(
            "no"
        )
        assert ended.status == 77
        assert "INCOMPLETE" in ended.seen
    finally:
        writer.process.close(force=True)
