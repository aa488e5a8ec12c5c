"""In the lab's machine: a RAID 10 with LVM, ext4 and a primary on it, and every state it goes through in one night."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from guardsh.operations.lab import Lab, LabServer

MD = Path("/sys/block/md0/md")
DISKS = [f"/dev/ubd{letter}" for letter in "abcdef"]
BLANK = "/dev/ubdg"
DATA = "/mnt/data/postgresql"
SUPERBLOCK = 4096  # bytes from the start of a member, metadata 1.2 (md(4))
_PATIENCE = 120.0  # seconds
_FROZEN = "65536"  # sectors of each member after which a resync waits, so that the state stays what it is


class Night:
    """The array as time goes by: each method brings it to its next state."""

    def __init__(self, lab: Lab) -> None:
        self.server = lab.add("db-01")
        self.server.directory = DATA

    def clean(self) -> None:
        _mdadm("--create", "/dev/md0", "--level=10", "--raid-devices=4", "--run", "--assume-clean", *DISKS[:4])
        for command in (
            "pvcreate -ff -y /dev/md0",
            "vgcreate vg0 /dev/md0",
            "lvcreate -y -Zn -Wn -n pgdata -l 80%FREE vg0",
            "vgscan --mknodes",
            "mke2fs -q -F -t ext4 /dev/mapper/vg0-pgdata",
            "mount /dev/mapper/vg0-pgdata /mnt/data",
        ):
            run(*command.split())
        _begin(self.server)

    def member_failed(self) -> None:
        _mdadm("/dev/md0", "--fail", DISKS[1])

    def two_failed_in_different_mirrors(self) -> None:
        _mdadm("/dev/md0", "--fail", DISKS[2])

    def recovering(self) -> None:
        (MD / "sync_max").write_text(_FROZEN)
        _mdadm("/dev/md0", "--remove", *DISKS[1:3])
        for disk in DISKS[1:3]:
            _mdadm("--zero-superblock", disk)
        _mdadm("/dev/md0", "--add", *DISKS[1:3])
        _until(lambda: int(_text("sync_completed").split()[0]) >= 1024)

    def reshaping(self) -> None:
        _thaw()
        _mdadm("/dev/md0", "--add", *DISKS[4:])
        (MD / "sync_max").write_text(_FROZEN)
        _mdadm("--grow", "/dev/md0", "--raid-devices=6")
        _until(lambda: _text("reshape_position") not in ("", "0", "none"))

    def superblock_zeroed(self) -> None:
        """The header of one member is gone from the disk; the kernel still has it in memory, and writes it again with
        the next change: so nothing changes while this is looked at."""
        _thaw()
        self.server.stop()
        run("umount", "/mnt/data")
        _until(lambda: _text("array_state") == "clean")
        zero(DISKS[3])

    def reassembled_without_it(self) -> None:
        """The incident, 13:53: stopped by the reboot, and assembled from what still has a header."""
        run("vgchange", "-q", "-an", "vg0")
        _mdadm("--stop", "/dev/md0")
        zero(DISKS[3])
        _mdadm("--assemble", "--run", "/dev/md0", *DISKS[:3], *DISKS[4:])
        run("vgchange", "-q", "-ay", "vg0")
        run("vgscan", "--mknodes")
        run("mount", "/dev/mapper/vg0-pgdata", "/mnt/data")
        self.server.start()

    def stopped(self) -> None:
        """The members lie there, and nothing is assembled."""
        self.server.stop()
        run("umount", "/mnt/data")
        run("vgchange", "-q", "-an", "vg0")
        _mdadm("--stop", "/dev/md0")


def zero(disk: str) -> None:
    with open(disk, "r+b", buffering=0) as device:
        device.seek(SUPERBLOCK)
        device.write(bytes(4096))
        os.fsync(device.fileno())


def run(*words: str) -> str:
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


def _begin(server: LabServer) -> None:
    os.mkdir(DATA, mode=0o700)
    server.lab.give(DATA)
    server.lab.initialise(DATA)
    server.configure({"listen_addresses": "", "unix_socket_directories": server.lab.sockets, "shared_buffers": "16MB"})
    server.start()


def _thaw() -> None:
    """Let what waits go on to its end."""
    (MD / "sync_max").write_text("max")
    _until(lambda: _text("sync_action") == "idle" and _text("degraded") == "0")


def _mdadm(*words: str) -> None:
    run("mdadm", "-q", *words)


def _text(name: str) -> str:
    with suppress(OSError):
        return (MD / name).read_text().strip()
    return ""


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < end, Path("/proc/mdstat").read_text()
        time.sleep(0.05)
