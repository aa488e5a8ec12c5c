"""The parts of a salvage by themselves: races, odd names, sparse files, shared blocks, managers in /proc."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guardsh.model.salvage import Rank
from guardsh.operations.salvage import inventory
from guardsh.operations.salvage.accident import Accident
from guardsh.operations.salvage.destination import Destination, Refused, shares_file_system
from guardsh.operations.salvage.journal import Journal, Origin
from guardsh.system import ha_managers, processes, suspension, verified_copy
from guardsh.system.mount_table import file_system
from tests.salvage.conftest import Scene, states
from tests.storage.loops import attach, detach, run, with_mounts

ORIGIN = Origin("/mnt/data", "boot 1 2", 7)


def test_no_child_escapes_a_postmaster_that_forks_all_the_time(scene: Scene) -> None:
    """pgbench -C makes a backend for every transaction. Goes red where the children are listed before the postmaster
    stands."""
    Path(scene.lab.directory, "one.sql").write_text("select 1;\n")
    where = ("-h", scene.lab.sockets, "-p", str(scene.primary.port), "-U", "postgres", "postgres")
    file = f"{scene.lab.directory}/one.sql"
    load = scene.lab.start("pgbench", "-n", "-C", "-c", "4", "-T", "60", "-f", file, *where, log=f"{file}.log")
    try:
        time.sleep(0.5)
        for _ in range(30):
            with suspension.suspended(scene.primary.pid) as members:
                assert members[0].pid == scene.primary.pid
                family = scene.primary.family()
                assert set(family) <= {member.pid for member in members} | _zombies(family)
                assert states([member.pid for member in members]) <= {"T"}
        time.sleep(0.2)
        assert load.poll() is None
        assert scene.primary.sql("select 1") == "1"
    finally:
        load.kill()
        load.wait()


def _zombies(pids: tuple[int, ...]) -> set[int]:
    return {pid for pid in pids if states([pid]) == {"Z"}}


# A fork that waits for its child as vfork(2) does: an uninterruptible sleep that any account can have.
_CLONE, _VFORK = 56, 0x4000 | signal.SIGCHLD  # of x86-64; <linux/sched.h>
_RESTLESS = f"import ctypes, time; ctypes.CDLL(None).syscall({_CLONE}, {_VFORK}, 0, 0, 0, 0); time.sleep(600)"
_PARENT = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {_RESTLESS!r}]); time.sleep(600)"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of clone(2) differs")
def test_a_child_in_an_uninterruptible_sleep_is_waited_for_and_then_all_go_on_or_all_stand() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT])
    try:
        child, grandchild = _only_child(parent.pid), 0
        grandchild = _only_child(child)
        with pytest.raises(TimeoutError):
            suspension.suspend(parent.pid, patience=0.2)
        _until(lambda: states([parent.pid]) == {"S"})  # taken back
        members = suspension.halt(parent.pid, patience=0.2)
        assert states([parent.pid]) == {"T"} and states([child]) == {"D"}
        assert [member.pid for member in members] == [parent.pid, child]
        os.kill(grandchild, signal.SIGKILL)
        _until(lambda: states([child]) == {"T"})  # before it does anything else
        with suspension.suspended(parent.pid):
            assert states([parent.pid, child]) == {"T"}
        _until(lambda: states([parent.pid, child]) == {"S"})
    finally:
        for pid in (grandchild, child, parent.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        parent.wait()


def _only_child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    _until(lambda: children.read_text() != "")
    return int(children.read_text())


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_postmaster_that_is_gone_is_said() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with pytest.raises(ProcessLookupError):
        suspension.halt(gone.pid)


# What is taken along, and under which name.


def accident_in(directory: Path) -> Accident:
    return Accident(str(directory), str(directory), None, ())


def plant(top: Path, *names: str) -> None:
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)


def test_the_order_is_wal_that_no_archive_has_then_what_nothing_starts_without(tmp_path: Path) -> None:
    segments = ["00000001000000000000000" + last for last in "123"]
    plant(tmp_path, *(f"pg_wal/{segment}" for segment in segments), "base/5/1259", "global/pg_control", "log/x")
    plant(tmp_path, f"pg_wal/archive_status/{segments[0]}.done", f"pg_wal/archive_status/{segments[1]}.ready")
    plant(tmp_path, "pg_xact/0000", "postgresql.conf", "base/5/pg_filenode.map")
    found = inventory.take(accident_in(tmp_path)).sources
    ranks = {source.name.removeprefix("data/"): source.rank for source in found}
    assert ranks[f"pg_wal/{segments[0]}"] is Rank.REST  # an archive has it
    assert ranks[f"pg_wal/{segments[1]}"] is ranks[f"pg_wal/{segments[2]}"] is Rank.WAL
    for name in ("global/pg_control", "pg_xact/0000", "postgresql.conf", "base/5/pg_filenode.map"):
        assert ranks[name] is Rank.VITAL
    assert (ranks["base/5/1259"], ranks["log/x"]) == (Rank.RELATION, Rank.REST)
    assert [source.rank for source in found] == sorted(source.rank for source in found)


def test_links_to_the_instances_own_directories_are_followed_and_no_others(tmp_path: Path) -> None:
    data, wal, space = tmp_path / "data", tmp_path / "wal", tmp_path / "space"
    plant(data, "PG_VERSION")
    plant(wal, "000000010000000000000001")
    plant(space, "PG_15_202209061/5/16384")
    (data / "pg_tblspc").mkdir()
    for link, target in (("pg_wal", wal), ("pg_tblspc/16385", space), ("secret", Path("/etc/shadow"))):
        (data / link).symlink_to(target)
    (data / "deep/er/still").mkdir(parents=True)
    (data / "deep/er/still/link").symlink_to(space)
    found = inventory.take(accident_in(data))
    assert {source.name for source in found.sources} == {
        "data/PG_VERSION",
        "data/pg_wal/000000010000000000000001",
        "data/pg_tblspc/16385/PG_15_202209061/5/16384",
    }
    assert len(found.left) == 2 and all("not followed" in why for why in found.left)
    assert found.links["data/pg_wal"] == str(wal)


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root, to give files away")
def test_a_directory_of_another_account_behind_a_link_is_not_read(tmp_path: Path) -> None:
    """The server's account could have made the link to have root read it."""
    data, other = tmp_path / "data", tmp_path / "other"
    plant(data, "PG_VERSION")
    plant(other, "private")
    (data / "pg_wal").symlink_to(other)
    os.chown(data, 65534, 65534)
    found = inventory.take(accident_in(data))
    assert [source.name for source in found.sources] == ["data/PG_VERSION"]


def test_names_that_would_steer_a_terminal_or_leave_dest_stay_inside(tmp_path: Path) -> None:
    assert inventory._name_of("/mnt/data/base/\x1b[2J\n", "/mnt/data") == "data/base/\x1b[2J\n"
    assert inventory._name_of("/srv/data/base/5", "/proc/7/root/srv/data") == "data/base/5"
    assert inventory._name_of("/mnt/other/../../x", "/mnt/data") == "elsewhere/mnt/other/x"
    assert inventory._name_of("/mnt/database/5/1", "/mnt/data") == "elsewhere/mnt/database/5/1"
    assert (
        inventory._name_of("/srv/wal/000000010000000000000001", "/mnt/data") == "data/pg_wal/000000010000000000000001"
    )
    long = inventory._name_of("/mnt/data/" + "ü" * 127, "/mnt/data")
    assert len(os.fsencode(long.removeprefix("data/"))) <= 240


def test_two_files_of_one_name_both_come_home(lab_file: Callable[[str, bytes], int], tmp_path: Path) -> None:
    first = lab_file("name", b"first")
    (tmp_path / "name").unlink()
    second = lab_file("name", b"second")
    (tmp_path / "name").unlink()
    (tmp_path / "PG_VERSION").write_text("15")
    own = suspension.Member(os.getpid(), 0)
    found = inventory.take(Accident(str(tmp_path), str(tmp_path), None, (own,)))
    names = sorted(source.name for source in found.sources if source.path.endswith("/name"))
    assert len(names) == 2 and names[0] == "data/name" and names[1].startswith("data/name~")
    os.close(first)
    os.close(second)


@pytest.fixture
def lab_file(tmp_path: Path) -> Callable[[str, bytes], int]:
    def make(name: str, content: bytes) -> int:
        descriptor = os.open(tmp_path / name, os.O_RDWR | os.O_CREAT)
        os.write(descriptor, content)
        return descriptor

    return make


# Copying.


def copied(source: Path, target: Path) -> verified_copy.Copied:
    with open(source, "rb") as reading, open(target, "wb") as writing, ThreadPoolExecutor(1) as hasher:
        return verified_copy.copy(reading.fileno(), writing.fileno(), lambda _: None, hasher)


@pytest.mark.parametrize("pieces", [[], [(0, 10)], [(5_000_000, 10)], [(0, 3_000_000), (9_000_000, 8192)]])
def test_holes_stay_holes_and_the_checksum_is_of_the_whole_file(tmp_path: Path, pieces: list[tuple[int, int]]) -> None:
    with open(tmp_path / "source", "wb") as file:
        file.truncate(10_000_000)
        for at, length in pieces:
            file.seek(at)
            file.write(os.urandom(length))
    done = copied(tmp_path / "source", tmp_path / "target")
    told = subprocess.run(
        ["sha256sum", tmp_path / "source"], capture_output=True, text=True, check=True
    ).stdout.split()[0]
    assert (done.size, done.sha256, done.unread) == (10_000_000, told, 0)
    assert (tmp_path / "target").read_bytes() == (tmp_path / "source").read_bytes()
    assert os.stat(tmp_path / "target").st_blocks <= os.stat(tmp_path / "source").st_blocks + 16


def test_a_page_that_cannot_be_read_is_given_up_alone() -> None:
    """/proc/self/mem gives EIO where nothing is mapped, as a disk does with a bad block; what lies beside is read."""
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        assert verified_copy._piece(memory.fileno(), 8192, 1 << 20) == (bytes(8192), 8192)
        assert verified_copy._piece(memory.fileno(), 8192 + 100, 1 << 20) == (bytes(8092), 8092)
        begin = int(Path("/proc/self/maps").read_text().partition("-")[0], 16)
        assert verified_copy._piece(memory.fileno(), begin, 4096)[1] == 0


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mkfs.btrfs") is None, reason="takes root and btrfs")
def test_blocks_of_a_deleted_file_are_shared_where_the_file_system_can(tmp_path: Path) -> None:
    loop = attach(tmp_path / "image", 200 << 20)
    place = tmp_path / "disk"
    place.mkdir()

    def work() -> tuple[bool, int]:
        run("mount", loop, str(place))
        try:
            (place / "source").write_bytes(os.urandom(64 << 20))
            os.sync()
            before = os.statvfs(place).f_bfree * os.statvfs(place).f_frsize
            with open(place / "source", "rb") as held:
                (place / "source").unlink()
                done = copied(Path(f"/proc/self/fd/{held.fileno()}"), place / "target")
                os.sync()
                after = os.statvfs(place).f_bfree * os.statvfs(place).f_frsize
            with open(place / "target", "rb") as target:
                return verified_copy.checksum(target.fileno(), lambda _: None) == done.sha256, before - after
        finally:
            run("umount", str(place))

    try:
        run("mkfs.btrfs", "-q", loop)
        same, taken = with_mounts(work)
        assert same and taken < 16 << 20
    finally:
        detach(loop)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mkfs.btrfs") is None, reason="takes root and btrfs")
def test_a_subvolume_and_a_bind_mount_are_the_same_file_system(tmp_path: Path) -> None:
    """A subvolume has an st_dev of its own; writing to it may overwrite what was deleted all the same."""
    loop = attach(tmp_path / "image", 200 << 20)
    for name in ("disk", "bound"):
        (tmp_path / name).mkdir()

    def work() -> tuple[set[str], str, bool]:
        run("mount", loop, str(tmp_path / "disk"))
        run("btrfs", "subvolume", "create", str(tmp_path / "disk/volume"))
        run("mount", "--bind", str(tmp_path / "disk"), str(tmp_path / "bound"))
        places = [str(tmp_path / name) for name in ("disk", "disk/volume", "bound")]
        try:
            with Destination(str(tmp_path / "disk/volume/dest")) as home:
                shared = shares_file_system(home, [str(tmp_path), places[0]])
            return (
                {file_system(place) for place in places},
                shared,
                os.stat(places[0]).st_dev != os.stat(places[1]).st_dev,
            )
        finally:
            run("umount", str(tmp_path / "bound"), str(tmp_path / "disk"))

    try:
        run("mkfs.btrfs", "-q", loop)
        names, shared, apart = with_mounts(work)
        assert (len(names), shared, apart) == (1, str(tmp_path / "disk"), True)
    finally:
        detach(loop)


# DEST and its journal.


def test_a_journal_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    with Destination(str(tmp_path / "dest")) as home:
        Journal(home, ORIGIN).close()
        with open(tmp_path / "dest/journal.jsonl", "a") as file:
            file.write('{"name": "data/ba')
        Journal(home, ORIGIN).close()
        kept = Journal(home, ORIGIN)
        assert kept.copies == {}
        with pytest.raises(Refused, match="another salvage is writing"):
            Journal(home, ORIGIN)
        kept.close()
        with pytest.raises(Refused, match="of another instance"):
            Journal(home, Origin("/mnt/data", "boot 1 2", 8))


def test_a_component_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    with Destination(str(tmp_path / "dest")) as home:
        (tmp_path / "dest/data").symlink_to(tmp_path)
        with pytest.raises(OSError):
            home.create("data/planted")
        (tmp_path / "dest/file").symlink_to(tmp_path / "victim")
        (tmp_path / "victim").write_text("before")
        os.close(home.create("file"))  # the link is replaced
        assert (tmp_path / "victim").read_text() == "before"
        assert not (tmp_path / "planted").exists()


# Who would end a stopped server.


class Proc:
    """A /proc with managers in it: a watchdog, systemd's variables and Pacemaker cannot be had in a test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def add(self, pid: int, *words: str, environment: str = "", holds: str = "", name: str = "python3") -> None:
        here = self.root / str(pid)
        (here / "fd").mkdir(parents=True)
        zeros = " ".join(["0"] * 15)
        (here / "stat").write_text(f"{pid} ({name}) S 1 {pid} {pid} {zeros} 250 1000 2000\n")
        (here / "cmdline").write_bytes(b"".join(os.fsencode(word) + b"\0" for word in words))
        (here / "environ").write_text(environment)
        (here / "cwd").symlink_to(self.root)
        if holds:
            (here / "fd/3").symlink_to(holds)


@pytest.mark.parametrize(
    ("words", "environment", "name"),
    [
        (("/usr/bin/python3", "/usr/bin/patroni", "/nowhere/patroni.yml"), "", "Patroni"),
        (("python3", "-m", "patroni"), "PATRONI_POSTGRESQL_DATA_DIR=/mnt/data\0", "Patroni"),
        (("python3", "-m", "patroni"), "PATRONI_POSTGRESQL_DATA_DIR=/mnt/other\0", ""),
        (("pg_autoctl: start/stop postgres",), "PGDATA=/mnt/data\0", "pg_auto_failover"),
        (("/usr/bin/pg_autoctl", "run", "--pgdata", "/mnt/data/"), "", "pg_auto_failover"),
        (("/usr/bin/pg_autoctl", "run", "--pgdata", "/mnt/other"), "", ""),
        (("repmgrd", "-f", "/nowhere/repmgr.conf"), "", "repmgrd"),
        (("stolon-keeper", "--data-dir=/mnt/data"), "", "Stolon"),
        (("python3", "-u", "/usr/bin/patroni", "/nowhere/patroni.yml"), "", "Patroni"),
        (("vim", "patroni.yml"), "", ""),
        (("python3", "/usr/bin/ansible", "patroni"), "", ""),
    ],
)
def test_managers_are_known_by_their_command_lines(
    tmp_path: Path, words: tuple[str, ...], environment: str, name: str
) -> None:
    proc = Proc(tmp_path / "proc")
    proc.add(7, *words, environment=environment)
    found = ha_managers.managers("/mnt/data", None, str(proc.root))
    assert [each.name for each in found] == ([name] if name else [])


def test_one_that_feeds_a_watchdog_is_told(tmp_path: Path) -> None:
    proc = Proc(tmp_path / "proc")
    proc.add(7, "python3", "/usr/bin/patroni", holds="/dev/watchdog")
    (found,) = ha_managers.managers("/mnt/data", None, str(proc.root))
    assert found.watchdog == "/dev/watchdog"


def test_what_must_not_be_stopped_is_warned_of(tmp_path: Path, scene: Scene) -> None:
    proc = Proc(tmp_path / "proc")
    proc.add(scene.primary.pid, "postgres", environment="WATCHDOG_USEC=30000000\0", name="postgres")
    proc.add(8, "pacemakerd", name="pacemakerd")
    server = next(each for each in processes.servers() if each.pid == scene.primary.pid)
    said = " ".join(ha_managers.warnings(server, str(proc.root)))
    assert "maintenance-mode" in said and "service-watchdogs no" in said
