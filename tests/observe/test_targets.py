"""Operands as the real commands resolve them, on real directories: which part of which data directory is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from guardsh import commands, fastpath
from guardsh.commands.prefixes import peel
from guardsh.model.finding import Findings, Part
from guardsh.model.instance import Role
from guardsh.model.intent import Effect, Invocation
from guardsh.model.observed import Known
from guardsh.observe import findings, paths
from guardsh.operations.lab import Lab
from guardsh.policy import config
from guardsh.system.apart import Account, Deadline, apart


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """A stopped cluster with its pg_wal and one tablespace elsewhere, by its files."""
    data, wal, space = tmp_path / "data", tmp_path / "wal", tmp_path / "space"
    for directory in (
        "base/5", "global", "pg_xact", "pg_tblspc", "log", "pg_multixact/offsets", "base/pgsql_tmp",
    ):  # fmt: skip
        (data / directory).mkdir(parents=True)
    for file in ("PG_VERSION", "global/pg_control", "base/5/PG_VERSION", "base/5/1259", "postgresql.conf", "log/x.log"):
        (data / file).write_text("15\n")
    (wal / "archive_status").mkdir(parents=True)
    (wal / "000000010000000000000001").write_text("wal")
    (data / "pg_wal").symlink_to(wal)
    (space / "PG_15_202209061" / "5").mkdir(parents=True)
    (space / "PG_15_202209061" / "5" / "16400").write_text("row")
    (data / "pg_tblspc" / "16399").symlink_to(space)
    return data


def look(words: list[str], cwd: Path, *known: Path) -> Findings:
    """``known`` are data directories that the configuration names."""
    paths.lineage.cache_clear()
    invocation = Invocation(tuple(words), str(cwd), {})
    policy = replace(config.builtin(), data_directories=tuple(map(str, known)), deadline=30.0)
    return findings.look(commands.understand(invocation), invocation, policy)


def touches(words: list[str], cwd: Path, *known: Path) -> set[tuple[str, Part]]:
    """(name of the data directory, part) of everything touched."""
    seen = look(words, cwd, *known)
    assert seen.unseen == ((),) * len(seen.unseen)
    return {(os.path.basename(one.instance.directory.place.path), one.part) for each in seen.touches for one in each}


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["rm", "-rf", "data"], Part.ALL),
        (["rm", "-rf", "data/"], Part.ALL),
        (["rm", "-rf", "./data//"], Part.ALL),
        (["rm", "-rf", "wal/../data"], Part.ALL),
        (["rm", "-rf", "data/base", "data/global"], Part.ALL),
        (["rm", "-rf", "data/base"], Part.DATA),
        (["rm", "data/global/pg_control"], Part.DATA),
        (["rm", "data/PG_VERSION"], Part.DATA),
        (["rm", "-rf", "data/base/5"], Part.DATA),
        (["rm", "data/base/5/1259"], Part.DATA),
        (["rm", "-rf", "data/pg_xact"], Part.TRANSACTIONS),
        (["rm", "wal/000000010000000000000001"], Part.WAL),
        (["rm", "-rf", "wal"], Part.WAL),
        (["rm", "data/pg_wal"], Part.WAL),
        (["rm", "-rf", "data/pg_wal/"], Part.WAL),
        (["rm", "-rf", "space"], Part.TABLESPACE),
        (["rm", "-rf", "data/pg_tblspc/16399/"], Part.TABLESPACE),
        (["rm", "data/pg_tblspc/16399"], Part.TABLESPACE),
        (["rm", "-rf", "space/PG_15_202209061/5"], Part.TABLESPACE),
        (["rm", "-rf", "data/log"], Part.DISPOSABLE),
        (["rm", "-rf", "data/base/pgsql_tmp"], Part.DISPOSABLE),
        (["rm", "data/postgresql.conf"], Part.CONFIGURATION),
    ],
)
def test_the_part_that_is_touched(cluster: Path, words: list[str], part: Part) -> None:
    assert touches(words, cluster.parent, cluster) == {("data", part)}


@pytest.mark.parametrize("typed", ["data/pg_wal/", "data/pg_wal/archive_status", "data/pg_tblspc/16399/"])
def test_the_way_as_typed_leads_through_the_data_directory(cluster: Path, typed: str) -> None:
    assert {name for name, _ in touches(["rm", "-rf", typed], cluster.parent)} == {"data"}


@pytest.mark.parametrize(
    "words",
    [
        ["rm", "-rf", "absent"],
        ["rm", "data"],  # rm leaves directories without -r
        ["rm", "-d", "data"],  # not empty
        ["rm", "-rf", "data/."],  # refused by rm
        ["rm", "-rf", "data/.."],
        ["rm", "-rf", "/"],
        ["rm", "-rf", "data/base/5/absent"],
        ["rm", "-rf", "stray"],  # a stray link to it is not part of it
        ["rm", "stray"],
        ["rm", "-rf", "unrelated"],
        ["rm", "-rf", "datafile"],  # a name that begins alike
    ],
)
def test_nothing_is_touched(cluster: Path, words: list[str]) -> None:
    (cluster.parent / "stray").symlink_to(cluster)
    (cluster.parent / "unrelated" / "deep").mkdir(parents=True)
    (cluster.parent / "datafile").touch()
    assert touches(words, cluster.parent) == set()


def test_from_above_everything_below_is_touched(cluster: Path) -> None:
    assert touches(["rm", "-rf", str(cluster.parent)], Path("/")) == {("data", Part.ALL)}


def test_a_link_with_a_slash_empties_what_it_leads_to(cluster: Path) -> None:
    (cluster.parent / "stray").symlink_to(cluster)
    assert touches(["rm", "-rf", "stray/"], cluster.parent) == {("data", Part.ALL)}


def test_a_link_through_which_its_paths_run_is_part_of_it(cluster: Path) -> None:
    """postmaster.pid says by which path it was started (here: a crashed server's)."""
    (cluster.parent / "current").symlink_to(cluster)
    (cluster / "postmaster.pid").write_text(f"999999\n{cluster.parent}/current\n1\n5432\n")
    assert touches(["rm", "current"], cluster.parent, cluster) == {("data", Part.LINK)}


@pytest.fixture
def moved(cluster: Path) -> Path:
    """Base and pg_xact on another disk, the first of them behind two links."""
    disk = cluster.parent / "disk"
    disk.mkdir()
    for name, away in (("base", "first"), ("pg_xact", "second")):
        (cluster / name).rename(disk / away)
    (cluster.parent / "hop").symlink_to(disk / "first")
    (cluster / "base").symlink_to(cluster.parent / "hop")
    (cluster / "pg_xact").symlink_to(disk / "second")
    (disk / "second" / "0000").write_text("committed")
    return cluster


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["rm", "-rf", "disk"], Part.DATA),
        (["rm", "-rf", "disk/first"], Part.DATA),
        (["rm", "disk/first/5/1259"], Part.DATA),
        (["rm", "data/base/5/1259"], Part.DATA),
        (["rm", "-rf", "disk/first/pgsql_tmp"], Part.DISPOSABLE),
        (["rm", "-rf", "disk/second"], Part.TRANSACTIONS),
        (["rm", "data/pg_xact/0000"], Part.TRANSACTIONS),
        (["rm", "data/base"], Part.DATA),
        (["rm", "hop"], Part.LINK),
    ],
)
def test_data_moved_to_another_disk_is_still_its_data(moved: Path, words: list[str], part: Part) -> None:
    assert touches(words, moved.parent, moved) == {("data", part)}


@pytest.mark.parametrize(
    "line",
    ["-rf disk", "-rf disk/first", "-rf disk/second", "disk/second/0000", "data/pg_xact/0000", "hop", "data/base"],
)
def test_data_moved_to_another_disk_is_not_certainly_unrelated(
    moved: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(moved.parent)
    assert not fastpath.certainly_unrelated("rm", line.split())


def test_moved_data_of_an_instance_that_is_not_known_is_unknown(moved: Path) -> None:
    (moved.parent / "disk" / "first" / "5" / "16384").write_text("row")
    seen = look(["rm", "-rf", "disk/first"], moved.parent)
    assert "disk/first/5 looks like a database of an instance that is not known" in seen.unseen[0][0]


def test_a_database_under_another_name_is_unknown(cluster: Path) -> None:
    """As a bind mount of base/5 shows it."""
    (cluster / "base" / "5" / "pg_filenode.map").touch()
    shutil.move(cluster / "base" / "5", cluster.parent / "mounted")
    assert "mounted looks like a database" in look(["rm", "mounted/1259"], cluster.parent).unseen[0][0]


def test_beside_an_instance_above_it_a_foreign_part_is_unknown(cluster: Path) -> None:
    """A directory with PG_VERSION above everything (a restore into the wrong place) does not vouch for its parts."""
    (cluster.parent / "PG_VERSION").write_text("15\n")
    shutil.move(cluster.parent / "wal", cluster.parent / "unknown")
    assert "pg_wal of an instance that is not known" in look(["rm", "-rf", "unknown"], cluster.parent).unseen[0][0]


def test_a_data_directory_may_be_named_by_a_number(cluster: Path) -> None:
    cluster.rename(cluster.parent / "15")
    assert touches(["rm", "-rf", "15"], cluster.parent) == {("15", Part.ALL)}
    assert touches(["rm", "-rf", str(cluster.parent)], Path("/")) == {("15", Part.ALL)}


def test_thousands_of_operands_are_one_finding(cluster: Path) -> None:
    for number in range(3000):
        (cluster / "base" / "5" / f"{20000 + number}").touch()
    operands = [str(file) for file in (cluster / "base" / "5").iterdir()]
    seen = look(["rm", "-f", *operands], cluster)
    (touch,) = seen.touches[0]
    assert (touch.part, touch.count, len(touch.operands)) == (Part.DATA, len(operands), 3)


def test_a_part_whose_instance_is_not_known_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "wal" / "archive_status").mkdir(parents=True)
    (tmp_path / "wal" / "000000010000000000000001").write_text("wal")
    seen = look(["rm", "-rf", "wal"], tmp_path)
    assert "pg_wal of an instance that is not known" in seen.unseen[0][0]


def test_the_remains_of_a_part_without_data_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "wal" / "archive_status").mkdir(parents=True)
    assert look(["rm", "-rf", "wal"], tmp_path).unseen == ((),)


@pytest.mark.parametrize("file", ["archive_status/models.py", "PG_15_notes/1/readme"])
def test_a_name_alone_makes_no_part(tmp_path: Path, file: str) -> None:
    (tmp_path / "app" / file).parent.mkdir(parents=True)
    (tmp_path / "app" / file).write_text("nobody's")
    assert look(["rm", "-rf", "app"], tmp_path).unseen == ((),)
    assert look(["rm", f"app/{file}"], tmp_path).unseen == ((),)


def test_a_directory_without_its_pg_version_is_still_found(cluster: Path) -> None:
    (cluster / "PG_VERSION").unlink()
    assert touches(["rm", "-rf", "data/base/5"], cluster.parent) == {("data", Part.DATA)}


def test_what_cannot_be_searched_is_said(cluster: Path) -> None:
    """As an ordinary account: root may look everywhere."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become an account that may read nothing")
    cluster.chmod(0o700)
    cluster.parent.chmod(0o755)
    seen = apart(lambda: look(["rm", "-rf", str(cluster)], Path("/")), Deadline(5), Account(65534, 65534))
    assert any(str(cluster) in sentence for sentence in seen.value.unseen[0])  # type: ignore[union-attr]


@pytest.fixture
def bind_mount(cluster: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount")
    elsewhere = cluster.parent / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(["mount", "--bind", cluster, elsewhere], check=True)
    yield elsewhere
    subprocess.run(["umount", elsewhere], check=True)


def test_a_bind_mount_is_the_same_directory(bind_mount: Path, cluster: Path) -> None:
    seen = look(["rm", "-rf", str(bind_mount / "base")], Path("/"))
    (touch,) = seen.touches[0]
    assert touch.part is Part.DATA
    assert touch.instance.directory.place.identity == (cluster.stat().st_dev, cluster.stat().st_ino)


def test_from_above_a_bind_mount_the_live_server_is_found(lab: Lab, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount")
    primary = lab.primary()
    elsewhere = tmp_path / "tree" / "deep"
    elsewhere.mkdir(parents=True)
    subprocess.run(["mount", "--bind", primary.directory, elsewhere], check=True)
    try:
        (touch,) = look(["rm", "-rf", "tree"], tmp_path).touches[0]
    finally:
        subprocess.run(["umount", elsewhere], check=True)
    assert touch.part is Part.ALL
    assert touch.instance.server is not None
    assert touch.instance.server.pid == primary.pid
    assert touch.instance.role == Known(Role.PRIMARY, touch.instance.role.source)  # type: ignore[union-attr]


def test_a_restore_into_it_overwrites_all_of_it(cluster: Path) -> None:
    seen = look(["wal-g", "backup-fetch", "data", "LATEST"], cluster.parent)
    assert [(touch.effect, touch.part) for touch in seen.touches[0]] == [(Effect.OVERWRITE, Part.ALL)]


def test_a_file_fetched_into_it_is_a_foreign_file(cluster: Path) -> None:
    seen = look(["wal-g", "wal-fetch", "000000010000000000000002", "data/x"], cluster.parent)
    assert [(touch.effect, touch.part) for touch in seen.touches[0]] == [(Effect.CONFIGURE, Part.FOREIGN)]


def test_stopping_a_snapshot_stops_what_its_postmaster_pid_names(lab: Lab) -> None:
    """pg_ctl takes the process id from the file in -D, whatever directory that process serves."""
    primary = lab.primary()
    snapshot = os.path.join(lab.directory, "snapshot")
    shutil.copytree(primary.directory, snapshot)
    seen = look(["pg_ctl", "stop", "-D", snapshot], Path("/"))
    stopped = {touch.instance.server.pid for touch in seen.touches[0] if touch.instance.server}
    assert stopped == {primary.pid}
    for path in (snapshot, f"{snapshot}/postmaster.pid"):
        lab.give(path)
    lab.run("pg_ctl", "stop", "-D", snapshot, "-m", "immediate", "-W")
    assert primary.process is not None
    primary.process.wait(10)


def test_a_link_of_a_chain_in_a_tree_is_not_certainly_unrelated(lab: Lab, tmp_path: Path) -> None:
    """data/pg_tblspc/16384 leads to tree/space, and that to the disk."""
    primary = lab.primary()
    space = os.path.join(lab.directory, "space")
    os.mkdir(space)
    lab.give(space)
    os.mkdir(f"{lab.directory}/tree")
    os.symlink(space, f"{lab.directory}/tree/space")
    primary.sql(f"create tablespace t location '{lab.directory}/tree/space'")
    assert not fastpath.certainly_unrelated("rm", ["-rf", f"{lab.directory}/tree"])
    (touch,) = look(["rm", "-rf", "tree"], Path(lab.directory)).touches[0]
    assert touch.part is Part.LINK


def test_a_stop_of_nobody_knows_what_may_be_meant_for_every_server(lab: Lab) -> None:
    """The PGDATA of another account is not known; what runs on the node is, without a search of its disks."""
    primary = lab.primary()
    invocation = peel(("sudo", "-iu", "postgres", "pg_ctl", "stop"), "/", {})
    seen = findings.look(commands.understand(invocation), invocation, replace(config.builtin(), deadline=30.0))
    assert seen.unseen == ((),)
    assert primary.pid in {touch.instance.server.pid for touch in seen.touches[0] if touch.instance.server}
