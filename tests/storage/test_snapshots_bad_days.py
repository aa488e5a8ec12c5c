"""Snapshots on bad days: planted stores, full and frozen file systems, and kill -9 while they are put back."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from guardsh.model.saved import Saved
from guardsh.operations.lab import Lab
from guardsh.remedies import snapshots
from guardsh.remedies.record import Kept
from guardsh.system import kernel
from tests.postgres.lab import seen_at
from tests.storage.loops import attach, detach, plant, run, with_mounts
from tests.storage.snapping import (
    RM,
    SECONDS,
    device,
    mounted,
    needs_btrfs,
    stopped,
    subvolume,
    taken,
)

__all__ = ["device"]
pytestmark = needs_btrfs


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


def test_another_account_is_told_that_only_root_can(device: str, lab: Lab) -> None:
    def work() -> None:
        with mounted(device, f"{lab.directory}/mnt") as point:
            instance = seen_at(stopped(point))
            os.seteuid(65534)
            kept = snapshots.before([instance], RM, SECONDS)
            os.seteuid(0)
            assert kept.failed.endswith("only root can make one where nobody else can reach it")
            assert os.listdir(point) == ["main"]

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


def test_a_frozen_file_system_does_not_hold_the_command_up(device: str, lab: Lab) -> None:
    def work() -> None:
        with mounted(device, f"{lab.directory}/mnt") as point:
            instance = seen_at(stopped(point))
            run("fsfreeze", "--freeze", point)
            try:
                began = time.monotonic()
                kept = snapshots.before([instance], RM, 0.5)
                took = time.monotonic() - began
            finally:
                run("fsfreeze", "--unfreeze", point)
            assert kept.failed.endswith("no answer in 0.5 s")
            assert took < 5

    with_mounts(work)


def test_where_nothing_can_make_a_snapshot_nothing_is_said(tmp_path: Path) -> None:
    plant(tmp_path)
    assert snapshots.before([seen_at(str(tmp_path))], RM, SECONDS) == Kept()
