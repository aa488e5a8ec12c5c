"""Snapshots of real btrfs subvolumes under real servers: taken, the real rm -rf, put back, and every row is there."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from guardsh import judge
from guardsh.model.saved import Way
from guardsh.model.verdict import Caller
from guardsh.operations.lab import Lab
from guardsh.remedies import beforehand, snapshots
from guardsh.remedies.record import NotDoneError
from tests.storage.loops import run, with_mounts
from tests.storage.snapping import (
    RM,
    SECONDS,
    destroyed,
    device,
    has_all,
    mounted,
    needs_btrfs,
    running_on,
    snapped_under_writes,
    stopped,
    subvolume,
    taken,
)

__all__ = ["device"]
pytestmark = needs_btrfs


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
            snapshots.put_back(saved)
            assert snapshots.replaced(saved) == ()
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
            snapshots.put_back(kept.saved[0])
            aside = f"{directory}.before-undo-{kept.saved[0].id}"
            assert snapshots.replaced(kept.saved[0]) == (aside,)
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
            snapshots.put_back(kept.saved[0])
            (aside,) = snapshots.replaced(kept.saved[0])
            assert Path(aside, "since").read_text() == "kept"
            assert os.stat(directory).st_mode & 0o777 == 0o700
            assert has_all(server, sure)
            server.kill()

    with_mounts(work)


def test_what_lies_apart_is_held_apart_and_what_cannot_be_held_is_named(device: str, lab: Lab) -> None:
    """A stopped cluster: pg_wal in a subvolume of its own, one tablespace in the data directory, one on ext4."""

    def work() -> None:
        with mounted(device, f"{lab.directory}/mnt") as point:
            directory = stopped(point)
            subvolume(f"{point}/wal")
            elsewhere = f"{lab.directory}/elsewhere"
            for place in (f"{point}/wal/segments", f"{directory}/near/PG_15", elsewhere, f"{directory}/pg_tblspc"):
                os.makedirs(place)
            Path(point, "wal/segments/1").write_text("wal")
            os.rmdir(f"{directory}/pg_wal")
            os.symlink(f"{point}/wal/segments", f"{directory}/pg_wal")
            os.symlink(f"{directory}/near", f"{directory}/pg_tblspc/1")
            os.symlink(elsewhere, f"{directory}/pg_tblspc/2")
            saved = taken(directory)
            assert saved.origins == (directory, f"{point}/wal/segments")
            assert saved.notes == (
                f"It does not hold {elsewhere}, where no snapshot can be taken.",
                f"Its snapshots were taken one after the other: {directory}, then {point}/wal/segments.",
            )
            subprocess.run(["rm", "-rf", directory, f"{point}/wal/segments"], check=True)
            snapshots.put_back(saved)
            assert Path(directory, "pg_wal/1").read_text() == "wal"
            assert os.path.isdir(f"{directory}/near/PG_15")

    with_mounts(work)


@pytest.mark.parametrize(
    ("line", "ways"),
    [
        ("rm -rf main", ["snapshot"]),
        ("rm -rf main/base", ["snapshot"]),
        ("mv main/base other", ["snapshot"]),
        ("rm main/base/5/1259", ["copy"]),
        ("truncate -s 0 main/base/5/1259 main/PG_VERSION", ["copy"]),
        ("dd if=/dev/zero of=main/global/pg_control", ["copy"]),
        ("cp /etc/hostname main/base/5/1259", ["copy"]),
        ("rm -rf main/base/5/1259 main/pg_wal", ["snapshot"]),
        ("rm -rf other", []),
        ("cat main/PG_VERSION", []),
        ("mkfs.ext4 DEVICE", []),
    ],
)
def test_what_is_kept_of_what(line: str, ways: list[str], device: str, lab: Lab) -> None:
    def work() -> None:
        with mounted(device, f"{lab.directory}/mnt") as point:
            stopped(point)
            os.mkdir(f"{point}/other")
            os.chdir(point)
            cases = judge.words(line.replace("DEVICE", device).split(), caller=Caller(True, "", 0))
            kept = [beforehand.before(case.findings, RM, SECONDS) for case in cases]
            assert [saved.way.value for each in kept for saved in each.saved] == ways
            assert not any(each.failed for each in kept)

    with_mounts(work)
