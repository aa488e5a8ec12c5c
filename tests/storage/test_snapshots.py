"""Snapshots of real btrfs subvolumes under real servers: taken, the real rm -rf, put back, and every row is there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from guardsh.model.saved import Saved, Way
from guardsh.operations.lab import Lab, LabServer
from guardsh.remedies import snapshots
from guardsh.remedies.record import Kept, NotDoneError, Occasion
from guardsh.system import kernel
from tests.postgres.lab import seen, seen_at
from tests.storage.loops import attach, detach, plant, run, with_mounts

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mkfs.btrfs") is None, reason="needs root, loop devices and btrfs-progs"
)
RM = Occasion(("rm", "-rf", "DIRECTORY"), "anna")
SECONDS = 20.0


@pytest.fixture
def device(tmp_path: Path) -> Iterator[str]:
    """A loop device with a btrfs on it."""
    made = attach(tmp_path / "image", 400 << 20)
    try:
        run("mkfs.btrfs", "-q", made)
        yield made
    finally:
        detach(made)


@contextmanager
def mounted(device: str, point: str, options: str = "defaults") -> Iterator[str]:
    os.makedirs(point, exist_ok=True)
    try:
        run("mount", "-t", "btrfs", "-o", options, device, point)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no btrfs here: {error.stderr}")
    try:
        yield point
    finally:
        run("umount", "--recursive", "--lazy", point)


def subvolume(path: str) -> None:
    run("btrfs", "subvolume", "create", path)


@contextmanager
def writing(server: LabServer) -> Iterator[Callable[[], int]]:
    """Rows committed one by one in the meantime; the function gives the number of those acknowledged so far."""
    server.sql("create table rows (n int)")
    number, over = 0, threading.Event()

    def write() -> None:
        nonlocal number
        while not over.is_set():
            server.sql(f"insert into rows values ({number + 1})")
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lambda: number
    finally:
        over.set()
        thread.join()


def running_on(lab: Lab, directory: str) -> LabServer:
    """A primary that commits to disk, in a directory that is there already."""
    server = lab.add(os.path.basename(directory))
    server.directory = directory
    lab.give(directory)
    os.chmod(directory, 0o700)
    lab.initialise(directory)
    own = {"listen_addresses": "", "unix_socket_directories": lab.sockets, "port": str(server.port)}
    server.configure({**own, "shared_buffers": "16MB", "max_wal_size": "64MB", "min_wal_size": "32MB"})
    server.start()
    return server


def snapped_under_writes(server: LabServer) -> tuple[Kept, int]:
    """What before() kept, and how many rows had been acknowledged when it was called."""
    with writing(server) as acknowledged:
        while acknowledged() < 3:
            pass
        instance = seen(server)
        sure = acknowledged()
        return snapshots.before([instance], RM, SECONDS), sure


def destroyed(server: LabServer) -> None:
    """The real rm -rf under the running server, and its end."""
    subprocess.run(["rm", "-rf", server.directory], capture_output=True, check=False)
    server.kill()


def has_all(server: LabServer, number: int) -> bool:
    server.start()
    return server.sql(f"select count(*) from rows where n <= {number}") == str(number)


def test_a_running_primary_in_a_subvolume_comes_back_with_every_row(device: str, lab: Lab) -> None:
    def work() -> None:
        with mounted(device, f"{lab.directory}/mnt") as point, lab:
            directory = f"{point}/main"
            subvolume(directory)
            server = running_on(lab, directory)
            kept, sure = snapped_under_writes(server)
            (saved,) = kept.saved
            assert not kept.failed
            assert saved.way is Way.SNAPSHOT
            assert saved.origins == (directory,)
            assert (saved.role, saved.operator, saved.notes) == ("primary", "anna", ())
            with pytest.raises(NotDoneError, match="a server runs in"):
                snapshots.put_back(saved)
            destroyed(server)
            assert not os.path.exists(directory)
            assert saved in snapshots.saved()
            assert snapshots.put_back(saved) == (f"{directory} was gone or empty",)
            assert has_all(server, sure)
            assert os.stat(directory).st_ino == 256, "a subvolume again"
            server.stop()
            snapshots.purge(saved)
            assert saved.id not in {each.id for each in snapshots.saved()}
            assert os.listdir(f"{point}/.guardsh-snapshots") == []

    with_mounts(work)


def test_nested_write_ahead_log_is_a_snapshot_of_its_own(device: str, lab: Lab) -> None:
    def work() -> None:
        with mounted(device, f"{lab.directory}/mnt") as point, lab:
            directory = f"{point}/main"
            subvolume(directory)
            server = running_on(lab, directory)
            server.stop()
            os.rename(f"{directory}/pg_wal", f"{directory}/old")
            subvolume(f"{directory}/pg_wal")
            run("cp", "-aT", f"{directory}/old", f"{directory}/pg_wal")
            shutil.rmtree(f"{directory}/old")
            server.start()
            kept, sure = snapped_under_writes(server)
            (saved,) = kept.saved
            assert any(f"one after the other: {directory}, then {directory}/pg_wal." in each for each in saved.notes)
            assert any("not of one moment" in each for each in saved.notes)
            destroyed(server)
            snapshots.put_back(saved)
            assert os.stat(f"{directory}/pg_wal").st_ino == 256
            assert has_all(server, sure)
            server.kill()

    with_mounts(work)


def test_a_directory_in_a_larger_subvolume_comes_back_alone(device: str, lab: Lab) -> None:
    def work() -> None:
        with mounted(device, f"{lab.directory}/mnt") as point, lab:
            directory = f"{point}/srv/main"
            os.makedirs(directory)
            Path(point, "srv/other").write_text("before")
            server = running_on(lab, directory)
            kept, sure = snapped_under_writes(server)
            subprocess.run(["rm", "-rf", f"{directory}/base", f"{directory}/global"], check=True)
            server.kill()
            Path(point, "srv/other").write_text("since")
            Path(directory, "since").write_text("kept")
            (line,) = snapshots.put_back(kept.saved[0])
            aside = f"{directory}.before-undo-{kept.saved[0].id}"
            assert line == f"what was at {directory} is now {aside}"
            assert Path(aside, "since").read_text() == "kept"
            assert Path(point, "srv/other").read_text() == "since"
            assert sorted(os.listdir(f"{point}/srv")) == ["main", os.path.basename(aside), "other"]
            assert has_all(server, sure)
            server.kill()

    with_mounts(work)


def test_a_mount_point_is_filled_again(device: str, lab: Lab) -> None:
    """The subvolume is mounted at the data directory, which cannot be renamed; the store lies outside of it."""

    def work() -> None:
        with mounted(device, f"{lab.directory}/top") as top:
            subvolume(f"{top}/pg")
        with mounted(device, f"{lab.directory}/main", "subvol=pg") as directory, lab:
            server = running_on(lab, directory)
            kept, sure = snapped_under_writes(server)
            assert not any(name.startswith(".guardsh") for name in os.listdir(directory))
            subprocess.run(f"rm -rf {directory}/*", shell=True, check=True)
            server.kill()
            Path(directory, "since").write_text("kept")
            os.chmod(directory, 0o755)
            (line,) = snapshots.put_back(kept.saved[0])
            assert Path(line.rpartition(" ")[2], "since").read_text() == "kept"
            assert os.stat(directory).st_mode & 0o777 == 0o700
            assert has_all(server, sure)
            server.kill()

    with_mounts(work)


def stopped(point: str) -> str:
    directory = f"{point}/main"
    subvolume(directory)
    plant(Path(directory))
    return directory


def taken(directory: str) -> Saved:
    (saved,) = snapshots.before([seen_at(directory)], RM, SECONDS).saved
    return saved


def test_nobody_else_can_reach_it_and_nothing_is_believed_that_others_put_there(device: str, lab: Lab) -> None:
    def work() -> None:
        with mounted(device, f"{lab.directory}/mnt") as point:
            directory = stopped(point)
            os.chmod(point, 0o777)
            saved = taken(directory)
            store = f"{point}/.guardsh-snapshots"
            assert [os.stat(each).st_mode & 0o777 for each in (store, f"{store}/{saved.id}")] == [0o700, 0o700]
            as_nobody = {"user": 65534, "group": 65534, "extra_groups": []}
            seen_by = subprocess.run(["ls", store], capture_output=True, check=False, **as_nobody)  # type: ignore[call-overload]
            assert seen_by.returncode
            emptied = subprocess.run(["rm", "-rf", store], capture_output=True, check=False)
            assert b"Read-only file system" in emptied.stderr, "not even root removes it by accident"
            os.rename(store, f"{point}/away")
            os.mkdir(store)
            os.chown(store, 65534, 65534)
            assert snapshots.saved() == () or saved not in snapshots.saved()
            kept = snapshots.before([seen_at(directory)], RM, SECONDS)
            assert "belongs to another account" in kept.failed
            os.rmdir(store)
            os.symlink(f"{point}/away", store)
            assert snapshots.before([seen_at(directory)], RM, SECONDS).failed

    with_mounts(work)


def test_a_full_file_system_is_said_and_leaves_nothing_half_made(tmp_path: Path, lab: Lab) -> None:
    small = attach(tmp_path / "image", 120 << 20)

    def work() -> None:
        run("mkfs.btrfs", "-q", "--mixed", small)
        with mounted(small, f"{lab.directory}/mnt") as point:
            directory = stopped(point)
            with pytest.raises(OSError, match="No space"):
                _fill(f"{point}/ballast")
            kept = snapshots.before([seen_at(directory)], RM, SECONDS)
            if kept.failed:
                assert "no snapshot of" in kept.lines[0]
                assert kept.saved == ()
                assert not os.path.isdir(f"{point}/.guardsh-snapshots") or not os.listdir(f"{point}/.guardsh-snapshots")
            else:  # btrfs had enough left for metadata
                os.unlink(f"{point}/ballast")
                assert kept.saved[0] in snapshots.saved()

    try:
        with_mounts(work)
    finally:
        detach(small)


def _fill(path: str) -> None:
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while True:
                    file.write(os.urandom(size))
            except OSError:
                if size == 4096:
                    raise


def test_a_failed_put_back_leaves_everything_as_it_was(device: str, lab: Lab) -> None:
    """The snapshot itself is gone."""

    def work() -> None:
        with mounted(device, f"{lab.directory}/mnt") as point:
            directory = stopped(point)
            saved = taken(directory)
            subprocess.run(["rm", "-rf", directory], check=True)
            os.makedirs(directory)
            Path(directory, "since").write_text("kept")
            snapshot = f"{point}/.guardsh-snapshots/{saved.id}"
            (name,) = set(os.listdir(snapshot)) - {"saved.json"}
            run("btrfs", "subvolume", "delete", f"{snapshot}/{name}")
            with pytest.raises(OSError, match="No such file"):
                snapshots.put_back(saved)
            assert os.listdir(directory) == ["since"]
            assert set(os.listdir(point)) == {"main", ".guardsh-snapshots"}

    with_mounts(work)


RENAMES = 4  # of putting back one directory: ready, exchange or not, aside


@pytest.mark.parametrize("form", ["subvolume", "mount point"])
def test_killed_at_any_rename_nothing_is_lost_and_the_next_attempt_is_whole(form: str, device: str, lab: Lab) -> None:
    def killed_at(saved: Saved, number: int) -> None:
        """put_back in a process that is killed before its rename of this number."""
        pid = os.fork()
        if pid == 0:
            left, real = number, kernel.rename

            def rename(*arguments: Any, **options: Any) -> None:
                nonlocal left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                real(*arguments, **options)

            kernel.rename = rename
            snapshots.put_back(saved)
            os._exit(0)
        os.waitpid(pid, 0)

    def work() -> None:
        with mounted(device, f"{lab.directory}/top") as top:
            subvolume(f"{top}/main")
            plant(Path(top, "main"))
            point = f"{top}/main" if form == "subvolume" else f"{lab.directory}/mnt"
            with mounted(device, point, "subvol=main") if form == "mount point" else nullcontext():
                saved = taken(point)
                for number in range(RENAMES if form == "subvolume" else 16):
                    token = f"since-{number}"
                    Path(point, token).write_text("kept")
                    killed_at(saved, number)
                    snapshots.put_back(saved)
                    assert Path(point, "base/5/1259").read_text() == "15\n"
                    assert not Path(point, token).exists()
                    everywhere = [os.path.join(d, f) for d, _, files in os.walk(top) for f in files if f == token]
                    assert len(everywhere) == 1, everywhere
                    assert ".guardsh-undo" not in "".join(os.listdir(os.path.dirname(point)) + os.listdir(point))

    with_mounts(work)


def test_where_nothing_can_make_a_snapshot_nothing_is_said(tmp_path: Path) -> None:
    plant(tmp_path)
    assert snapshots.before([seen_at(str(tmp_path))], RM, SECONDS) == Kept()
