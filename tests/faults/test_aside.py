"""Moving aside as an operator meets it: parts of data, many files, mount points, WAL elsewhere, a live primary."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.operator import Ended, Operator, incomplete_copy, needs_namespaces
from tests.storage.loops import attach, detach, plant, run, with_mounts

pytestmark = needs_namespaces
INCOMPLETE, UNKNOWN = "db-01 incomplete", "db-01 unknown"


def removed(operator: Operator, *words: str, answer: str = INCOMPLETE) -> str:
    ended = operator.types("rm", *words).answer(answer)
    assert ended.status == 0, ended.seen
    return identifier(ended)


def identifier(ended: Ended) -> str:
    (found,) = re.findall(r"guardsh undo (\S+) puts it back", ended.seen)
    return str(found)


def test_what_was_a_part_is_purged_only_when_confirmed(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    name = removed(operator, "-rfv", str(copy / "base"))
    assert operator.types("guardsh", "moved", "purge", name).answer("no").status == 77
    assert operator.types("guardsh", "undo").end().status == 0
    assert (copy / "base/5/16384").exists()
    name = removed(operator, "-rf", str(copy / "base"))
    assert operator.types("guardsh", "moved", "purge", name).answer(UNKNOWN).status == 0
    assert os.listdir(copy) == ["PG_VERSION"]
    assert ".guardsh-moved" not in os.listdir(tmp_path)


def test_what_is_on_record(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    name = removed(operator, "-rf", str(copy))
    place = f"{tmp_path}/.guardsh-moved/{name}"
    operator.types("guardsh", "undo").end()
    cleared = identifier(operator.types("guardsh", "clear", str(copy)).answer(INCOMPLETE))
    assert operator.types("guardsh", "moved", "purge", cleared).answer(INCOMPLETE).status == 0
    done = [(record["argv"], record["detail"]) for record in operator.records() if record["verdict"] is None]
    assert done == [
        (["rm", "-rf", str(copy)], f"moved aside to {place}"),
        (["guardsh", "undo", name], f"put back {tmp_path}"),
        (["guardsh", "clear", str(copy)], f"moved aside to {tmp_path}/.guardsh-moved/{cleared}"),
        (["guardsh", "moved", "purge", cleared], f"deleted {tmp_path}/.guardsh-moved/{cleared}"),
    ]


@pytest.mark.parametrize("what", ["", "/{}", "/{}/PG_files/base"])
def test_rm_of_what_was_moved_aside_asks(operator: Operator, tmp_path: Path, what: str) -> None:
    copy = incomplete_copy(tmp_path)
    name = removed(operator, "-rf", str(copy / "base"))
    ended = operator.types("rm", "-rf", f"{tmp_path}/.guardsh-moved{what.format(name)}").answer("no")
    assert ended.status == 77
    assert "looks like what was moved aside" in ended.seen
    assert operator.types("guardsh", "undo", name).end().status == 0


def test_the_store_is_deleted_not_moved_into_itself(operator: Operator, tmp_path: Path) -> None:
    removed(operator, "-rf", str(incomplete_copy(tmp_path)))
    ended = operator.types("rm", "-rf", str(tmp_path / ".guardsh-moved")).answer(INCOMPLETE)
    assert ended.status == 0
    assert "What is confirmed here is deleted for good." in ended.seen
    assert not (tmp_path / ".guardsh-moved").exists()


def test_thousands_of_names_go_and_come_back_at_once(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    copy.chmod(0o710)
    for number in range(1200):
        (copy / f"{number}.partial").touch()
    assert operator.types("guardsh", "clear", str(copy)).answer(INCOMPLETE).status == 0
    assert (os.listdir(copy), copy.stat().st_mode & 0o777) == ([], 0o710)
    assert operator.types("guardsh", "undo").end().status == 0
    assert len(os.listdir(copy)) == 1202


def test_what_is_nobodys_that_we_know(operator: Operator, tmp_path: Path) -> None:
    wal = tmp_path / "wal"
    (wal / "archive_status").mkdir(parents=True)
    (wal / ("0" * 24)).write_text("x")
    removed(operator, "-rf", str(wal), answer=UNKNOWN)
    assert not wal.exists()
    assert operator.types("guardsh", "undo").end().status == 0
    assert (wal / ("0" * 24)).exists()


def test_one_below_the_other(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    removed(operator, "-rf", str(copy / "base"), str(copy), str(copy / "PG_VERSION"))
    assert not copy.exists()
    assert operator.types("guardsh", "undo").end().status == 0
    assert (copy / "base/5/16384").exists()


def test_what_was_moved_aside_already_is_not_cleared(operator: Operator, tmp_path: Path) -> None:
    name = removed(operator, "-rf", str(incomplete_copy(tmp_path)))
    ended = operator.types("guardsh", "clear", str(tmp_path / ".guardsh-moved" / name)).end()
    assert (ended.status, "was moved aside already" in ended.seen) == (77, True)


def test_where_a_part_cannot_be_moved_nothing_is(operator: Operator, tmp_path: Path) -> None:
    """The WAL lies elsewhere, and part of it is immutable."""
    copy, wal = incomplete_copy(tmp_path), tmp_path / "elsewhere" / "wal"
    (wal / "archive_status").mkdir(parents=True)
    (wal / ("0" * 24)).write_text("x")
    (copy / "pg_wal").symlink_to(wal)
    before = sorted(os.listdir(copy))
    run("chattr", "+i", str(wal / "archive_status"))
    try:
        ended = operator.types("guardsh", "clear", str(copy)).answer(INCOMPLETE)
    finally:
        run("chattr", "-i", str(wal / "archive_status"))
    assert ended.status == 1
    assert f"could not move aside: {wal}/archive_status: operation not permitted" in ended.seen
    assert sorted(os.listdir(copy)) == before
    assert sorted(os.listdir(wal)) == ["0" * 24, "archive_status"]
    assert operator.types("guardsh", "clear", str(copy)).answer(INCOMPLETE).status == 0
    assert (os.listdir(copy), os.listdir(wal)) == ([], [])
    assert operator.types("guardsh", "undo").end().status == 0
    assert (sorted(os.listdir(copy)), sorted(os.listdir(wal))) == (before, ["0" * 24, "archive_status"])


@pytest.fixture(params=["ext4", "btrfs subvolume"])
def own_file_system(request: pytest.FixtureRequest, tmp_path: Path, operator: Operator) -> Iterator[Path]:
    """A data directory that is the root of a file system, or a subvolume; mounted for every command of the operator."""
    device, point = attach(tmp_path / "image", 200 << 20), tmp_path / "mnt"
    point.mkdir()
    data = point if request.param == "ext4" else point / "main"

    def prepared() -> None:
        run(f"mkfs.{request.param.partition(' ')[0]}", "-q", device)
        run("mount", device, str(point))
        if data != point:
            run("btrfs", "subvolume", "create", str(data))
        plant(data)

    try:
        with_mounts(prepared)
        operator.setup = f"mount {device} {point}; "
        yield data
    finally:
        detach(device)


def test_a_mount_point_and_a_subvolume_keep_it_inside(operator: Operator, own_file_system: Path) -> None:
    data = str(own_file_system)
    ended = operator.types("guardsh", "clear", data).answer(UNKNOWN)
    assert ended.status == 0
    assert f"it had to be kept inside {data}: initdb, wal-g and pgBackRest call that not empty" in ended.seen
    assert operator.unattended("ls", "-A", data).stdout.split() == [".guardsh-moved"]
    assert operator.types("guardsh", "undo").end().status == 0
    left = operator.unattended("ls", "-A", data).stdout.split()
    assert {"PG_VERSION", "base", "global"} <= {*left} and ".guardsh-moved" not in left


def test_rm_of_a_mount_point_deletes_nothing(operator: Operator, own_file_system: Path) -> None:
    data = str(own_file_system)
    ended = operator.types("rm", "-rf", data).answer(UNKNOWN)
    if own_file_system.name == "main":  # a subvolume can be renamed
        assert (ended.status, operator.types("guardsh", "undo").end().status) == (0, 0)
    else:
        assert ended.status == 1
        assert "is a mount point; unmount it first, or clear what is in it; nothing was deleted" in ended.seen
    assert "PG_VERSION" in operator.unattended("ls", "-A", data).stdout.split()


def test_a_live_primary_that_was_deleted_after_all_comes_back(breaker: Operator) -> None:
    primary = breaker.stage.primary
    primary.sql("create table kept as select 42 as answer")
    words = ("guardsh", "run", "--override", "a test", "--", "rm", "-rf", primary.directory)
    ended = breaker.types(*words).answer(f"{breaker.host} primary")
    assert ended.status == 0, ended.seen
    assert "The server ends at its next checkpoint or before; undone in time it goes on" in ended.seen
    assert not os.path.exists(primary.directory)
    primary.kill()
    assert breaker.types("guardsh", "undo").end().status == 0
    primary.start()
    assert primary.sql("select answer from kept") == "42"
