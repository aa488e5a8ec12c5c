"""Data directories made by real initdb, then taken apart as restores, accidents and moves leave them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from guardsh.model.data_directory import Contents, ControlState, DataDirectory
from guardsh.model.instance import Server
from guardsh.model.observed import Known, Unknown
from guardsh.model.place import Identity, Place
from guardsh.observe.data_directory import look, resolve_configuration_directory, size, unseen
from guardsh.system.apart import Account, Deadline, apart
from tests.unit.clusters import Binaries

T = TypeVar("T")

# What the restore of the incident had made when it was stopped (PostgreSQL 14).
INCIDENT = (
    "base", "base/1", "base/13726", "base/16401", "global", "pg_commit_ts", "pg_dynshmem", "pg_logical",
    "pg_logical/mappings", "pg_logical/snapshots", "pg_multixact", "pg_multixact/members", "pg_multixact/offsets",
    "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat", "pg_stat_tmp", "pg_subtrans", "pg_tblspc",
    "pg_twophase", "pg_wal", "pg_xact",
)  # fmt: skip


def test_a_stopped_cluster(made: Path, postgres: Binaries) -> None:
    seen = look(str(made))

    assert seen.place == Place(str(made), _identity(made))
    assert seen.owner == made.stat().st_uid
    assert seen.contents == Known(Contents.CLUSTER, "global/pg_control is there")
    assert isinstance(seen.version, Known) and seen.version.value == postgres.version
    assert isinstance(seen.control, Known) and seen.control.value.state is ControlState.SHUT_DOWN
    assert _value(seen.files) == frozenset({"PG_VERSION"})
    assert (_value(seen.primary_conninfo), _value(seen.restore_command), _value(seen.archived)) == ("", "", False)
    assert (seen.wal, seen.tablespaces, seen.configuration, seen.writers) == (None, (), (), ())


def test_the_incident_is_an_aborted_restore(tmp_path: Path) -> None:
    for name in INCIDENT:
        (tmp_path / "postgresql-14" / name).mkdir(parents=True)

    assert look(str(tmp_path / "postgresql-14")).contents == Known(Contents.ABORTED, "24 directories, no files")


def test_a_cluster_without_its_data_is_aborted(fresh: Path) -> None:
    _empty_all(fresh, keep=("PG_VERSION", "postgresql.conf", "postgresql.auto.conf"))
    (fresh / "base/1/1259").touch()

    contents = look(str(fresh)).contents

    assert isinstance(contents, Known) and contents.value is Contents.ABORTED
    assert " directories, " in contents.source and " files of " in contents.source


def test_a_killed_base_backup_is_incomplete(fresh: Path) -> None:
    (fresh / "global/pg_control").unlink()
    (fresh / "backup_label").write_text("START WAL LOCATION: 0/2000028\n")

    assert _contents(fresh) is Contents.INCOMPLETE
    assert isinstance(look(str(fresh)).control, Unknown)


@pytest.mark.parametrize(
    "file",
    ["base/1/1259", "base/1/16384.1", "base/1/2619_fsm", "base/5/t3_16385", "global/1262",
     "pg_wal/000000010000000000000001", "pg_xlog/000000010000000000000001", "pg_xact/0000", "pg_clog/0000",
     "PG_15_202209061/5/16385", "base.tar.gz", "16388.tar", "pg_wal.tar"],
)  # fmt: skip
def test_one_file_of_data_is_enough_not_to_be_aborted(tmp_path: Path, file: str) -> None:
    for name in ("base/1", "global", "pg_wal"):
        (tmp_path / name).mkdir(parents=True)
    assert _contents(tmp_path) is Contents.ABORTED
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_bytes(b"x")

    contents = look(str(tmp_path)).contents

    assert contents == Known(Contents.INCOMPLETE, f"{file} has data, but there is no global/pg_control")


def test_data_in_a_tablespace_is_data(tmp_path: Path) -> None:
    relation = tmp_path / "elsewhere/PG_15_202209061/5/16385"
    relation.parent.mkdir(parents=True)
    relation.write_bytes(b"x")
    (tmp_path / "data/pg_tblspc").mkdir(parents=True)
    (tmp_path / "data/pg_tblspc/16388").symlink_to(tmp_path / "elsewhere")

    assert _contents(tmp_path / "data") is Contents.INCOMPLETE


@pytest.mark.parametrize("name", ["dump.sql", "base/old.dump", "log/postgresql.log"])
def test_what_is_large_is_not_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "pg_wal").mkdir()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    with (tmp_path / name).open("wb") as file:
        file.truncate(16 << 20)

    assert _contents(tmp_path) is Contents.INCOMPLETE


def test_a_directory_that_another_process_is_filling_is_not_aborted(tmp_path: Path) -> None:
    for name in INCIDENT:
        (tmp_path / name).mkdir(parents=True)
    with (tmp_path / "base/1/1259").open("w") as file:
        process = subprocess.Popen(["sleep", "60"], stdout=file, process_group=0)
    try:
        seen = look(str(tmp_path))
    finally:
        process.kill()
        process.wait()

    assert seen.writers == (process.pid,)
    assert isinstance(seen.contents, Known) and seen.contents.value is Contents.INCOMPLETE
    assert f"process {process.pid} has files open below it" in seen.contents.source


def test_a_base_backup_that_was_never_started(fresh: Path) -> None:
    (fresh / "backup_label").write_text("START WAL LOCATION: 0/2000028\n")
    (fresh / "standby.signal").touch()
    (fresh / "postgresql.auto.conf").write_text("primary_conninfo = 'host=db-01'\nrestore_command = 'x'\n")

    seen = look(str(fresh))

    assert isinstance(seen.contents, Known) and seen.contents.value is Contents.RESTORED
    assert "does not prove" in seen.contents.source
    assert _value(seen.files) == {"PG_VERSION", "backup_label", "standby.signal"}
    assert seen.primary_conninfo == Known("host=db-01", f"primary_conninfo in {fresh}/postgresql.auto.conf")
    assert _value(seen.restore_command) == "x"


@pytest.mark.parametrize(
    ("version", "contents"),
    [("9.6", Contents.CLUSTER), ("14", Contents.CLUSTER), ("15", Contents.RESTORED), ("junk", Contents.CLUSTER)],
)
def test_until_14_a_primary_that_crashed_in_a_backup_has_a_backup_label(
    fresh: Path, version: str, contents: Contents
) -> None:
    (fresh / "backup_label").touch()
    (fresh / "postmaster.opts").touch()
    (fresh / "PG_VERSION").write_text(version + "\n")

    assert _contents(fresh) is contents


def test_what_is_no_data_directory(tmp_path: Path) -> None:
    for name in ("empty", "mount/lost+found", "project/base", "project/global", "configuration"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "project/base/page.html").write_text("<p>")
    (tmp_path / "configuration/postgresql.conf").touch()
    (tmp_path / "file").touch()

    told = {name: look(str(tmp_path / name)).contents for name in os.listdir(tmp_path)}

    assert told == {
        "empty": Known(Contents.EMPTY, "no entries"),
        "mount": Known(Contents.EMPTY, "only lost+found"),
        "project": Known(Contents.OTHER, "2 entries, none of PostgreSQL's"),
        "configuration": Known(Contents.OTHER, "a configuration directory: postgresql.conf, but no PG_VERSION"),
        "file": Known(Contents.OTHER, f"{tmp_path}/file is not a directory"),
    }
    missing = look(str(tmp_path / "none"))
    assert missing.contents == Known(Contents.ABSENT, f"{tmp_path}/none does not exist")
    assert missing.place == Place(f"{tmp_path}/none", None)
    assert _value(missing.files) == frozenset()


def test_what_little_is_left_of_a_cluster_is_still_seen(fresh: Path) -> None:
    for name in os.listdir(fresh):
        if name != "base":
            subprocess.run(["rm", "-rf", fresh / name], check=True)

    assert _contents(fresh) is Contents.INCOMPLETE


def test_a_live_server_makes_it_a_cluster_whatever_its_files_say(fresh: Path) -> None:
    _empty_all(fresh)

    seen = look(str(fresh), _server(fresh))

    assert seen.contents == Known(Contents.CLUSTER, "process 4711 runs in it")


def test_an_account_that_may_see_nothing_knows_nothing(made: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another account")
    daemon = Account(1, 1)  # not the owner

    answer = apart(lambda: (look(str(made)), look(f"{made}/base")), Deadline(10), daemon)

    assert isinstance(answer, Known)
    for seen in answer.value:
        everything = (seen.contents, seen.version, seen.control, seen.files, seen.primary_conninfo, seen.archived)
        assert all(isinstance(each, Unknown) and "permission denied" in each.why for each in everything)
    assert answer.value[0].owner == made.stat().st_uid  # of a directory that may be looked at, not into


@pytest.mark.parametrize("hidden", ["base", "global", "pg_wal", "base/1"])
def test_an_empty_shell_with_a_hidden_part_is_not_called_aborted(open_place: Path, hidden: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another account")
    directory = open_place / "data"
    for name in INCIDENT:
        (directory / name).mkdir(parents=True)
    directory.chmod(0o755)
    (directory / hidden).chmod(0o700)

    answer = apart(lambda: look(str(directory)).contents, Deadline(10), Account(1, 1))

    assert isinstance(answer, Known) and isinstance(answer.value, Unknown)
    assert answer.value.why.startswith(f"could not read {directory}/{hidden}")


def test_a_hidden_tablespace_may_hold_data(open_place: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another account")
    (open_place / "elsewhere").mkdir(mode=0o700)
    (open_place / "data/pg_tblspc").mkdir(parents=True)
    (open_place / "data/pg_tblspc/16388").symlink_to(open_place / "elsewhere")

    answer = apart(lambda: look(f"{open_place}/data").contents, Deadline(10), Account(1, 1))

    assert answer == Known(Unknown(f"could not read {open_place}/data/pg_tblspc/16388: permission denied"), "")


def test_a_damaged_control_file_is_no_evidence(fresh: Path) -> None:
    (fresh / "global/pg_control").write_bytes(bytes(8192))

    seen = look(str(fresh))

    assert seen.control == Unknown("pg_control has the impossible version 0")
    assert _contents(fresh) is Contents.CLUSTER


def test_wal_and_tablespaces_elsewhere_and_every_link_on_the_way(fresh: Path, tmp_path: Path) -> None:
    for name in ("wal", "tablespace", "links"):
        (tmp_path / name).mkdir()
    (fresh / "pg_wal").rename(tmp_path / "wal/15")
    (fresh / "pg_wal").symlink_to("../links/wal/15")
    (tmp_path / "links/wal").symlink_to(tmp_path / "wal")
    (fresh / "pg_tblspc/16388").symlink_to(tmp_path / "tablespace")
    (fresh / "pg_tblspc/16389").symlink_to(tmp_path / "gone")
    (tmp_path / "links/main").symlink_to("../data")
    (tmp_path / "links/stray").symlink_to(fresh)

    seen = look(f"{tmp_path}/links/main")

    assert seen.place == Place(str(fresh), _identity(fresh))
    assert seen.wal == Place(f"{tmp_path}/wal/15", _identity(tmp_path / "wal/15"))
    assert seen.tablespaces == (
        Place(f"{tmp_path}/tablespace", _identity(tmp_path / "tablespace")),
        Place(f"{tmp_path}/gone", None),
    )
    named = ("links/main", "data/pg_wal", "links/wal", "data/pg_tblspc/16388", "data/pg_tblspc/16389")
    assert {link for link in seen.links if link.path.startswith(f"{tmp_path}/")} == {
        Place(f"{tmp_path}/{name}", _identity(tmp_path / name, follow=False)) for name in named
    }


def test_links_in_the_words_of_the_server(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "main").symlink_to("data")
    (tmp_path / "locked").symlink_to("data")
    (fresh / "postmaster.pid").write_text(f"1\n{tmp_path}/locked\n")

    links = look(str(fresh), _server(fresh, argument=f"{tmp_path}/main")).links

    assert {f"{tmp_path}/main", f"{tmp_path}/locked"} <= {link.path for link in links}


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    assert isinstance(look(str(tmp_path / "a")), DataDirectory)


def test_configuration_elsewhere_as_on_debian(fresh: Path, tmp_path: Path) -> None:
    etc = tmp_path / "etc/postgresql/15/main"
    etc.mkdir(parents=True)
    (tmp_path / "etc/postgresql/14/main").mkdir(parents=True)
    (tmp_path / "etc/postgresql/14/main/postgresql.conf").write_text("data_directory = '/none'\nrestore_command = no\n")
    (tmp_path / "by-name").symlink_to("data")
    (fresh / "postgresql.conf").unlink()
    (etc / "postgresql.conf").write_text(
        f"data_directory = '{tmp_path}/by-name'\nhba_file = '{etc}/pg_hba.conf'\nident_file = '{tmp_path}/ident'\n"
        "ssl_cert_file = 'server.crt'\nrestore_command = 'fetch %f'\narchive_mode = on\n"
    )

    seen = look(str(fresh), root=str(tmp_path))

    assert [place.path for place in seen.configuration] == [str(etc), f"{tmp_path}/ident"]
    assert seen.restore_command == Known("fetch %f", f"restore_command in {etc}/postgresql.conf")
    assert seen.archived == Known(True, f"archive_mode in {etc}/postgresql.conf")
    assert f"{tmp_path}/by-name" in {link.path for link in seen.links}


@pytest.mark.parametrize(
    "told",
    [lambda etc: {"configuration": f"{etc}/other.conf"}, lambda etc: {"argument": str(etc)}],
    ids=["-c config_file", "-D"],
)
def test_configuration_where_the_server_was_told(
    fresh: Path, tmp_path: Path, told: Callable[[Path], dict[str, str]]
) -> None:
    etc = tmp_path / "etc"
    etc.mkdir()
    for name in ("other.conf", "postgresql.conf"):
        (etc / name).write_text(f"data_directory = '{fresh}'\nrestore_command = 'fetch'\n")

    seen = look(str(fresh), _server(fresh, **told(etc)))

    assert _value(seen.restore_command) == "fetch"
    assert [place.path for place in seen.configuration] == [str(etc)]


def test_until_11_recovery_conf_says_where_it_streams_from(fresh: Path) -> None:
    (fresh / "PG_VERSION").write_text("11\n")
    (fresh / "postgresql.auto.conf").write_text("")
    (fresh / "recovery.conf").write_text("standby_mode = on\nprimary_conninfo = 'host=db-01'\n")

    seen = look(str(fresh))

    assert seen.primary_conninfo == Known("host=db-01", f"primary_conninfo in {fresh}/recovery.conf")
    assert _value(seen.files) == {"PG_VERSION", "recovery.conf"}


def test_configuration_that_the_server_would_refuse_is_not_known(fresh: Path) -> None:
    (fresh / "postgresql.conf").write_text("restore_command = 'x'\nport = \n")
    (fresh / "postgresql.auto.conf").write_text("primary_conninfo = 'host=db-01'\n")

    seen = look(str(fresh))

    assert seen.restore_command == Unknown(f"could not understand line 2 of {fresh}/postgresql.conf")
    assert _value(seen.primary_conninfo) == "host=db-01"


def test_an_archive_of_earlier_times(fresh: Path) -> None:
    (fresh / "pg_wal/archive_status/000000010000000000000001.done").touch()

    assert _value(look(str(fresh)).archived) is True


def test_the_data_directory_that_pg_ctl_means(made: Path, open_place: Path, postgres: Binaries) -> None:
    (open_place / "postgresql.conf").write_text(f"data_directory = '{made}'\n")

    assert _value(resolve_configuration_directory(str(open_place))) == str(made)
    assert postgres.run("postgres", "-D", str(open_place), "-C", "data_directory").strip() == str(made)
    assert _value(resolve_configuration_directory(str(made))) == str(made)
    assert _value(resolve_configuration_directory(str(open_place / "none"))) == str(open_place / "none")


@pytest.mark.parametrize("text", ["data_directory = 'here'", "data_directory = "])
def test_a_configuration_directory_that_says_nothing_certain(tmp_path: Path, text: str) -> None:
    (tmp_path / "postgresql.conf").write_text(text)

    assert isinstance(resolve_configuration_directory(str(tmp_path)), Unknown)


def test_size_as_du_counts_it(cluster: Path) -> None:
    shown = subprocess.run(["du", "-s", "-B1", cluster], capture_output=True, text=True, check=True).stdout
    entries = sum(len(directories) + len(files) for _, directories, files in os.walk(cluster))

    measured = size(str(cluster), Deadline(30))

    assert measured.complete
    assert measured.entries == entries
    assert measured.bytes == int(shown.split()[0]) - cluster.lstat().st_blocks * 512


def test_size_is_a_lower_bound_where_time_is_short(cluster: Path) -> None:
    assert not size(str(cluster), Deadline(0)).complete


def test_nothing_is_known_of_what_could_not_be_looked_at() -> None:
    hidden = unseen("/data", "no answer in 1.0 s")

    assert hidden.contents == hidden.control == hidden.archived == Unknown("no answer in 1.0 s")


def _contents(path: Path) -> Contents:
    return _value(look(str(path)).contents)


def _value(observed: Known[T] | Unknown) -> T:
    assert isinstance(observed, Known), observed
    return observed.value


def _identity(path: Path, *, follow: bool = True) -> Identity:
    status = path.stat(follow_symlinks=follow)
    return Identity(status.st_dev, status.st_ino)


def _server(directory: Path, argument: str | None = None, configuration: str | None = None) -> Server:
    place = Place(str(directory), _identity(directory))
    return Server(4711, 0, 0.0, place, None, argument, configuration, None, None, (), False)


def _empty_all(directory: Path, keep: tuple[str, ...] = ()) -> None:
    for file in directory.rglob("*"):
        if file.is_file() and file.name not in keep:
            file.unlink()
