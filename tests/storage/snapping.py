"""A btrfs on a loop device with a server on it that commits rows, or a stopped cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guardsh.model.saved import Saved
from guardsh.operations.lab import Lab, LabServer
from guardsh.remedies import snapshots
from guardsh.remedies.record import Kept, Occasion
from tests.postgres.lab import seen, seen_at
from tests.storage.loops import attach, detach, plant, run

needs_btrfs = pytest.mark.skipif(
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


def stopped(point: str) -> str:
    directory = f"{point}/main"
    subvolume(directory)
    plant(Path(directory))
    return directory


def taken(directory: str) -> Saved:
    (saved,) = snapshots.before([seen_at(directory)], RM, SECONDS).saved
    return saved
