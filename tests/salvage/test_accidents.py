"""The accidents of one afternoon on real servers: what comes home, and how the server is left."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.operator import entries, one_line
from tests.salvage.conftest import Scene, checksums, states


def removed(directory: str) -> None:
    """As an operator does it; WAL that is created meanwhile makes it fail at the end."""
    subprocess.run(["rm", "-rf", directory], check=False, capture_output=True)


def emptied(directory: str) -> None:
    subprocess.run(["rm", "-rf", *entries(directory)], check=False, capture_output=True)


def test_what_a_session_has_read_comes_home_byte_by_byte(scene: Scene) -> None:
    scene.session()
    before = checksums(scene.primary.directory)
    family = scene.primary.family()
    removed(scene.primary.directory)
    done = scene.salvages()
    assert done.returncode == 0, done.stderr
    table = scene.report()
    assert table["complete"] and table["role"] == "primary"
    home = scene.saved("base")
    assert len(home) >= 5
    assert {name: home[name] for name in home} == {name: before[f"base/{name}"] for name in home}
    assert [name for name in scene.saved("pg_wal") if re.fullmatch("[0-9A-F]{24}", name)]
    assert "global/pg_control" in table["absent"]
    assert states(family) == {"T"}
    assert table["system_identifier"] is not None


def test_an_idle_server_keeps_its_wal_and_the_report_says_what_that_means(scene: Scene) -> None:
    removed(scene.primary.directory)
    done = scene.salvages()
    assert done.returncode == 0, done.stderr
    assert list(scene.saved("pg_wal")) == [name for name in scene.saved("pg_wal") if len(name) == 24] != []
    assert "not a cluster that can be started" in done.stdout
    assert "No standby was streaming, and no replica of it runs on this node" in done.stdout
    assert done.stdout == Path(scene.destination, "REPORT.txt").read_text()
    assert scene.report()["saved"] == scene.report()["saved_deleted"]


def test_a_lost_lock_file_is_made_again_with_one_key(scene: Scene) -> None:
    os.unlink(scene.primary.path("postmaster.pid"))
    session = scene.operator.types("guardsh", "salvage", scene.primary.directory, scene.destination)
    session.wait_for("s/c/q> ")
    assert states(scene.primary.family()) == {"T"}
    session.type("c")
    ended = session.end()
    assert ended.status == 0
    assert has_its_lock_file(scene)
    assert scene.primary.sql("select count(*) from rows") == "10000"
    assert not os.path.exists(scene.destination)


def test_contents_gone_and_continuing_takes_host_and_role_and_makes_the_lock_file_again(scene: Scene) -> None:
    """Without its WAL it may PANIC within seconds: no single key does that."""
    emptied(scene.primary.directory)
    session = scene.operator.types("guardsh", "salvage", scene.primary.directory, scene.destination)
    session.wait_for("s/c/q> ")
    session.type("c")
    ended = session.answer(f"{scene.operator.host} primary")
    assert ended.status == 0
    assert has_its_lock_file(scene)


def has_its_lock_file(scene: Scene) -> bool:
    lock = scene.primary.path("postmaster.pid")
    there, above = os.stat(lock), os.stat(scene.primary.directory)
    assert Path(lock).read_text().splitlines()[:2] == [str(scene.primary.pid), scene.primary.directory]
    assert (there.st_uid, there.st_gid, there.st_mode & 0o777) == (above.st_uid, above.st_gid, 0o600)
    return "T" not in states(scene.primary.family())


def test_what_is_still_present_comes_too_and_unarchived_wal_first(make_scene: Callable[..., Scene]) -> None:
    scene = make_scene({"archive_mode": "on", "archive_command": "false"})
    scene.primary.sql("select pg_switch_wal()")
    scene.primary.sql("insert into rows values (0)")
    os.unlink(scene.primary.path("global/pg_control"))
    done = scene.salvages()
    assert done.returncode == 0, done.stderr
    table = scene.report()
    ranks = [each["rank"] for each in table["copies"]]
    assert ranks == sorted(ranks, key=["wal", "vital", "relation", "rest"].index)
    ready = [each["name"] for each in table["copies"] if each["name"].endswith(".ready")]
    assert ready and ready[0].replace("archive_status/", "").removesuffix(".ready") in {
        each["name"] for each in table["copies"] if each["rank"] == "wal"
    }
    assert scene.saved() == checksums(scene.primary.directory)
    assert table["absent"] == ["global/pg_control"]


def test_nothing_missing_is_refused_and_the_server_runs_on(scene: Scene) -> None:
    done = scene.salvages()
    assert done.returncode == 77
    assert "nothing is missing" in done.stderr
    assert scene.primary.sql("select count(*) from rows") == "10000"
    assert not os.path.exists(scene.destination)


def test_where_the_server_is_gone_too_a_sentence_says_so(scene: Scene) -> None:
    scene.primary.stop()
    intact = scene.salvages()
    assert (intact.returncode, "no server runs in" in intact.stderr) == (77, True)
    removed(scene.primary.directory)
    done = scene.salvages()
    assert done.returncode == 77
    assert "no process has a file of" in done.stderr


def test_a_lone_child_is_held_and_its_files_come_home(scene: Scene) -> None:
    """The postmaster was killed; a backend that hangs outlives it."""
    scene.session()
    (backend,) = [pid for pid in scene.primary.family() if "[local]" in Path(f"/proc/{pid}/cmdline").read_text()]
    os.kill(backend, signal.SIGSTOP)
    removed(scene.primary.directory)
    os.kill(scene.primary.pid, signal.SIGKILL)
    assert scene.primary.process is not None
    scene.primary.process.wait()
    try:
        done = scene.salvages()
        assert done.returncode == 0, done.stderr
        assert len(scene.saved("base")) >= 5
    finally:
        os.kill(backend, signal.SIGKILL)


def test_an_rm_in_the_middle_of_it_is_held_too(scene: Scene) -> None:
    scene.session()
    os.unlink(scene.primary.path("PG_VERSION"))
    deleting = subprocess.Popen(
        ["rm", "-ri", scene.primary.directory], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(0.2)
        done = scene.salvages()
        assert done.returncode == 0, done.stderr
        assert f"Process {deleting.pid} was still deleting" in done.stdout
        assert states([deleting.pid]) == {"T"}
    finally:
        deleting.kill()
        deleting.communicate()


def test_wal_that_never_left_the_primary_brings_a_replica_up_to_date(scene: Scene) -> None:
    replica = scene.lab.replica(scene.primary)
    replica.stop()
    scene.session("insert into rows select generate_series(1, 500) returning 1")  # it holds the segment that it wrote
    removed(scene.primary.directory)
    assert scene.salvages().returncode == 0
    wal = os.path.join(scene.lab.directory, "salvaged-wal")
    shutil.copytree(os.path.join(scene.destination, "data/pg_wal"), wal)
    for path in (wal, *(os.path.join(wal, name) for name in os.listdir(wal))):
        scene.lab.give(path)
    replica.configure({"restore_command": f'cp {wal}/%f "%p"', "primary_conninfo": ""})
    replica.start()
    replica.until("select count(*) = 10500 from rows")
    replica.promote()
    replica.until("select not pg_is_in_recovery()")


def test_a_replica_on_the_node_is_named_with_its_promotion(scene: Scene) -> None:
    replica = scene.lab.replica(scene.primary)
    scene.primary.until("select count(*) = 1 from pg_stat_replication where state = 'streaming'")
    removed(scene.primary.directory)
    done = scene.salvages()
    assert done.returncode == 0, done.stderr
    table = scene.report()
    assert table["replicas"] == [replica.directory]
    assert [each["address"] for each in table["followers"]] == ["[local]"]
    assert f"pg_ctl promote -D {replica.directory}" in done.stdout
    assert states(replica.family()) != {"T"}


def test_of_two_servers_of_one_directory_the_old_one_is_chosen_by_its_pid(scene: Scene) -> None:
    """Somebody has made a new cluster in its place, while the old server still holds the files of the old one."""
    scene.session()
    removed(scene.primary.directory)
    new = scene.lab.add("new")
    new.directory = scene.primary.directory
    scene.lab.initialise(new.directory)
    new.configure({"unix_socket_directories": scene.lab.sockets, "port": str(new.port), "listen_addresses": ""})
    new.start()
    unclear = scene.salvages()
    assert (unclear.returncode, f"process {scene.primary.pid} (of the directory" in unclear.stderr) == (77, True), (
        unclear.stderr
    )
    assert "T" not in states([*new.family(), *scene.primary.family()])
    done = scene.salvages("--pid", str(scene.primary.pid), scene.primary.directory, scene.destination)
    assert done.returncode == 0, done.stderr
    assert len(scene.saved("base")) >= 5
    assert new.sql("select 1") == "1"
    assert all(each["was"] == "deleted" for each in scene.report()["copies"])


def test_only_what_is_deleted(scene: Scene) -> None:
    scene.session()
    (relation,) = [name for name in [scene.primary.sql("select pg_relation_filepath('rows')")] if name]
    os.unlink(scene.primary.path(relation))
    done = scene.salvages("--deleted-only", "--json", scene.primary.directory, scene.destination)
    assert done.returncode == 0, done.stderr
    table = json.loads(done.stdout)
    assert (table["files"], table["saved_deleted"]["files"]) == (1, 1)
    assert list(scene.saved()) == [relation]
    assert f"a relation file is deleted in {os.path.dirname(scene.primary.path(relation))}" in table["signs"]


def test_a_replica_that_was_hit_is_told_where_its_data_is(scene: Scene) -> None:
    replica = scene.lab.replica(scene.primary)
    scene.primary.until("select count(*) = 1 from pg_stat_replication where state = 'streaming'")
    removed(replica.directory)
    done = scene.salvages(replica.directory, scene.destination)
    assert done.returncode == 0, done.stderr
    assert scene.report()["role"] == "replica"
    said = one_line(done.stdout)
    assert "This was a replica: all of its data is on the server that it followed." in said
    assert "promote" not in said
    assert scene.primary.sql("select 1") == "1"
