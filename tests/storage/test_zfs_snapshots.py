"""ZFS without its kernel module, which Debian's kernels do not have: a stand-in `zfs` that records what it is told, and
mountinfo as OpenZFS 2.1 writes it. What a real pool does with it is not proved here."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from guardsh.model.saved import Saved, Way
from guardsh.remedies import zfs_snapshots
from guardsh.remedies.record import Held, NotDoneError, Record
from guardsh.system import standing, tool

STANDIN = Path(__file__).parent
MOUNTINFO = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:45 / /srv/pg rw,relatime shared:20 - zfs tank/pg rw,xattr,posixacl
41 40 0:46 / /srv/pg/main/pg_wal rw,relatime shared:21 - zfs tank/wal rw,xattr,posixacl
42 22 0:47 / /srv/ts\\040one rw,relatime shared:22 - zfs fast/ts rw,xattr,posixacl
43 40 0:48 / /srv/pg/.zfs/snapshot/old rw,relatime shared:23 - zfs tank/pg@old ro,xattr,posixacl
"""
SAVED = Saved("20261130-235900-4f1c", Way.SNAPSHOT, 1.5, ("/srv/pg/main",), "tank/pg", "data directory of the primary")
HELD = (Held("/srv/pg/main", "zfs", "tank/pg", "main"), Held("/srv/pg/main/pg_wal", "zfs", "tank/wal"))


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-in keeps what it was told."""
    mounts = tuple(standing.parse(line) for line in MOUNTINFO.encode().splitlines())
    monkeypatch.setattr(standing, "mounts", lambda: mounts)  # no such file system can be mounted here
    monkeypatch.setattr(tool, "PLACES", f"{STANDIN}:{os.environ['PATH']}")
    monkeypatch.setattr(tool, "KEPT", ("ZFS_STANDIN",))
    monkeypatch.setenv("ZFS_STANDIN", str(tmp_path))
    return tmp_path


def told(pool: Path) -> list[list[str]]:
    calls = (pool / "argv").read_text().split(".\n")[:-1]
    return [call.splitlines() for call in calls]


def test_what_holds_a_path(pool: Path) -> None:
    assert zfs_snapshots.holding("/srv/pg/main") == HELD
    assert zfs_snapshots.holding("/srv/ts one/PG_15") == (Held("/srv/ts one/PG_15", "zfs", "fast/ts", "PG_15"),)
    assert zfs_snapshots.holding("/var/lib/postgresql") == ()


def test_all_datasets_of_a_pool_in_one_command(pool: Path) -> None:
    record = Record(replace(SAVED, what="α; rm -rf / 'x'"), HELD)
    assert zfs_snapshots.at_once(("tank/pg", "tank/wal"))
    zfs_snapshots.take(("tank/pg", "tank/wal"), record)
    ((verb, option, property_, *names),) = told(pool)
    assert (verb, option) == ("snapshot", "-o")
    assert names == ["tank/pg@guardsh-20261130-235900-4f1c", "tank/wal@guardsh-20261130-235900-4f1c"]
    assert json.loads(property_.removeprefix("guardsh:saved="))["saved"]["id"] == SAVED.id
    assert list(zfs_snapshots.found()) == [record, record]


def test_two_pools_are_not_of_one_moment(pool: Path) -> None:
    assert not zfs_snapshots.at_once(("tank/pg", "fast/ts"))
    zfs_snapshots.take(("tank/pg", "fast/ts"), Record(SAVED, HELD))
    assert [call[3:] for call in told(pool)] == [[f"{unit}@guardsh-{SAVED.id}"] for unit in ("tank/pg", "fast/ts")]


def test_purge_names_the_snapshot_and_nothing_else(pool: Path) -> None:
    zfs_snapshots.take(("tank/pg",), Record(SAVED, HELD))
    zfs_snapshots.purge("tank/pg", SAVED.id)
    zfs_snapshots.purge("tank/pg", SAVED.id)  # it is gone
    assert told(pool)[1:] == [["destroy", f"tank/pg@guardsh-{SAVED.id}"]] * 2
    assert list(zfs_snapshots.found()) == []


def test_snapshots_of_others_are_not_ours(pool: Path) -> None:
    (pool / "snapshots").mkdir()
    lines = ("tank/pg@daily\t-\n", 'tank/pg@guardsh-x\t{"schema":1}\n', "tank/pg@guardsh-y\tnot json\n")
    for number, line in enumerate(lines):
        (pool / "snapshots" / str(number)).write_text(line)
    assert list(zfs_snapshots.found()) == []


def test_a_record_that_is_too_long_is_not_cut(pool: Path) -> None:
    with pytest.raises(NotDoneError, match="does not fit"):
        zfs_snapshots.take(("tank/pg",), Record(replace(SAVED, what="x" * 9000), HELD))
