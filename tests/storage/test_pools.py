"""Arrays that are not md's: LVM's captured from a real kernel, ZFS's as its manual shows them, btrfs on loops."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardsh.model.instance import Instance
from guardsh.model.observed import Known
from guardsh.model.storage import Array, Health, danger, summary
from guardsh.observe import btrfs_arrays, raid_volumes, zpools
from guardsh.observe.boot import look
from guardsh.system.apart import Deadline
from tests.storage.loops import attach, run, with_mounts

# dmsetup status --target raid, Debian 12's user-mode-linux; in the second, a leg of vg-0/pg_data answers with errors.
CLEAN = """\
vg--0-pg_data: 0 40960 raid raid1 2 AA 40960/40960 idle 0 0 -
vg--0-wal: 0 32768 raid raid5_ls 3 AAA 16384/16384 idle 0 0 -
"""
FAILED_LEG = "vg--0-pg_data: 0 40960 raid raid1 2 AD 40960/40960 idle 0 0 -\n"
# Of the kernel's dm-raid.rst.
RECOVERING = "vg0-data: 0 1960893648 raid raid4 5 AAAAa 2/490221568 recover 0 0 -\n"
INITIAL = "vg0-data: 0 40960 raid raid1 2 aa 1024/40960 resync 0 0 -\n"


def told(array: Array) -> str:
    return "; ".join(filter(None, (f"{array.health.value}: {summary(array)}", danger(array), *array.doubts)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CLEAN, ["clean: vg-0/pg_data raid1 2 of 2 in sync", "clean: vg-0/wal raid5 3 of 3 in sync"]),
        (
            FAILED_LEG,
            [
                "degraded: vg-0/pg_data raid1 1 of 2 in sync, degraded;"
                " the loss of vg-0/pg_data_rimage_0 too would lose data"
            ],
        ),
        (
            RECOVERING,
            [
                "recovering: vg0/data raid4 4 of 5 in sync, degraded, recovery 0 %;"
                " the loss of any other member would lose data"
            ],
        ),
        (INITIAL, ["resyncing: vg0/data raid1 0 of 2 in sync, degraded, resync 2 %"]),
        ("vg0-data: 0 40960 raid raid5_ls 3 ADD 16384/16384 idle 0 0 -\n",
         ["failed: vg0/data raid5 1 of 3 in sync, failed"]),
        ("No devices found\n", []),
    ],
)  # fmt: skip
def test_raid_volumes(text: str, expected: list[str]) -> None:
    assert [told(array) for array in raid_volumes.parse(text)] == expected


def test_a_raid_volume_that_cannot_be_asked(tmp_path: Path) -> None:
    for number, name in enumerate(("vg0-data_rmeta_0", "vg0-data", "vg0-other")):
        (tmp_path / f"sys/block/dm-{number}/dm").mkdir(parents=True)
        (tmp_path / f"sys/block/dm-{number}/dm/name").write_text(f"{name}\n")
    [array] = raid_volumes.arrays(Deadline(0.0), str(tmp_path))
    assert (array.name, array.health) == ("vg0/data", Health.UNKNOWN)
    assert array.doubts[0].startswith("what state it is in cannot be seen: dmsetup")


# zpool-status(8) and the OpenZFS 2.1 documentation.
ZPOOL = """\
  pool: tank
 state: DEGRADED
status: One or more devices is currently being resilvered.  The pool will
\tcontinue to function, possibly in a degraded state.
action: Wait for the resilver to complete.
  scan: resilver in progress since Sun Nov 22 10:00:00 2026
\t1.23T scanned at 500M/s, 800G issued at 320M/s, 2.50T total
\t400G resilvered, 31.25% done, 01:33:20 to go
config:

\tNAME                                STATE     READ WRITE CKSUM
\ttank                                DEGRADED     0     0     0
\t  mirror-0                          ONLINE       0     0     0
\t    /dev/disk/by-id/nvme-a-part1    ONLINE       0     0     0
\t    /dev/disk/by-id/nvme-b-part1    ONLINE       0     0     0
\t  mirror-1                          DEGRADED     0     0     0
\t    /dev/disk/by-id/nvme-c-part1    ONLINE       0     0     0
\t    replacing-1                     DEGRADED     0     0     0
\t      1234567890                    UNAVAIL      0     0     0  was /dev/disk/by-id/nvme-d-part1
\t      /dev/disk/by-id/nvme-e-part1  ONLINE       0     0     0  (resilvering)

errors: No known data errors

  pool: backup
 state: ONLINE
  scan: scrub repaired 0B in 00:10:00 with 0 errors on Sun Nov  8 00:34:01 2026
config:

\tNAME         STATE     READ WRITE CKSUM
\tbackup       ONLINE       0     0     0
\t  raidz1-0   ONLINE       0     0     0
\t    /dev/sda ONLINE       0     0     0
\t    /dev/sdb ONLINE       0     0     0
\t    /dev/sdc ONLINE       0     0     0

errors: 3 data errors, use '-v' for a list

  pool: lost
 state: SUSPENDED
config:

\tNAME        STATE     READ WRITE CKSUM
\tlost        UNAVAIL      0     0     0
\t  /dev/sdx  UNAVAIL      0     0     0
"""


def test_pools_of_zfs() -> None:
    assert [told(array) for array in zpools.parse(ZPOOL)] == [
        "recovering: tank zfs mirror 4 of 5 in sync, degraded, recovery 31 %, 94 min left",
        "clean: backup zfs raidz1 3 of 3 in sync; errors: 3 data errors, use '-v' for a list",
        "failed: lost zfs 0 of 1 in sync, failed; it is SUSPENDED",
    ]


def test_a_pool_that_cannot_be_asked(tmp_path: Path) -> None:
    (tmp_path / "proc/spl/kstat/zfs/tank").mkdir(parents=True)
    [array] = zpools.arrays(Deadline(0.0), str(tmp_path))
    assert (array.name, array.health) == ("tank", Health.UNKNOWN)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[list[str]]:
    if "\tbtrfs\n" not in Path("/proc/filesystems").read_text():
        pytest.skip("this kernel has no btrfs")
    made = [attach(tmp_path / f"image{number}", 128 << 20) for number in range(2)]
    run("mkfs.btrfs", "-q", "-f", "-L", "data 1", "-d", "raid1", "-m", "raid1", *made)
    yield made
    subprocess.run(["btrfs", "device", "scan", "--forget"], capture_output=True, check=False)
    for device in made:
        subprocess.run(["losetup", "-d", device], capture_output=True, check=False)


def mounted(device: str, place: Path, *options: str) -> tuple[list[str], list[str]]:
    place.mkdir()

    def work() -> tuple[list[str], list[str]]:
        run("mount", *options, device, str(place))
        found = [each for each in btrfs_arrays.arrays() if each.name == "data 1"]
        nobody: tuple[Instance, ...] = ()
        boot = look(Known(tuple(found), ""), nobody, Deadline(10.0))
        return [told(array) for array in found], [each.sentence for one in boot.assemblies for each in one.obstacles]

    return with_mounts(work)


def test_btrfs(pair: list[str], tmp_path: Path) -> None:
    run("btrfs", "device", "scan", *pair)
    assert mounted(pair[0], tmp_path / "pool") == (["clean: data 1 btrfs raid1 2 of 2 in sync"], [])


def test_btrfs_with_a_missing_device(pair: list[str], tmp_path: Path) -> None:
    run("losetup", "-d", pair.pop())
    run("btrfs", "device", "scan", "--forget")
    seen, obstacles = mounted(pair[0], tmp_path / "pool", "-o", "degraded")
    assert seen == ["degraded: data 1 btrfs raid1 1 of 2 in sync, degraded; the loss of device 1 too would lose data"]
    assert obstacles == ["1 of its devices missing, and it is mounted at boot only with the option degraded"]


# The scan lines of three generations, as people posted them: openzfs/zfs issues 840 (0.6), 8611 (0.8) and, in the
# form of 2.2, the same figures.
SCANS = {
    "resilver in progress since Sun Jun 19 22:54:38 2016\n"
    "\t14.1T scanned out of 99.2T at 408M/s, 60h43m to go\n"
    "\t314G resilvered, 14.17% done": "recovering: tank zfs 1 of 1 in sync, recovery 14 %, 3 d left",
    "scrub in progress since Tue Apr 16 00:00:02 2019\n"
    "\t74.7T scanned at 1.24G/s, 75.7T issued at 1.25G/s, 74.7T total\n"
    "\t0B repaired, 101.32% done, 158831 days to go": "checking: tank zfs 1 of 1 in sync, check 100 %, 0 s left",
    "scrub in progress since Mon Nov 21 08:44:43 2022\n"
    "\t112T / 384T scanned at 204G/s, 38.4T / 384T issued at 5.89G/s\n"
    "\t0B repaired, 10.00% done, 18:22:05 to go": "checking: tank zfs 1 of 1 in sync, check 10 %, 17 h left",
    "resilver in progress since Thu Apr 18 09:18:59 2019\n"
    "\t1.18G scanned, 0B issued, 40.4T total\n"
    "\t0B resilvered, 0.00% done, no estimated completion time": "recovering: tank zfs 1 of 1 in sync, recovery 0 %",
    "scrub paused since Mon Nov 21 08:44:43 2022": "clean: tank zfs 1 of 1 in sync",
    "none requested": "clean: tank zfs 1 of 1 in sync",
}


@pytest.mark.parametrize("scan", SCANS)
def test_scans_of_every_generation(scan: str) -> None:
    text = f"  pool: tank\n state: ONLINE\n  scan: {scan}\nconfig:\n\n\tNAME  STATE READ WRITE CKSUM\n"
    [array] = zpools.parse(f"{text}\ttank  ONLINE 0 0 0\n\t  sda  ONLINE 0 0 0\n\nerrors: No known data errors\n")
    assert told(array) == SCANS[scan]


def test_error_counters_of_a_pool() -> None:
    [array] = zpools.parse(
        "  pool: tank\n state: ONLINE\nconfig:\n\n\ttank  ONLINE 0 0 0\n\t  /dev/sda  ONLINE 3 0 12\n"
    )
    assert array.doubts == ("sda had 3/0/12 errors of read/write/checksum",)


@pytest.mark.parametrize(
    ("cache", "obstacles"),
    [
        (None, []),
        (b"\0\0\0\4tank\0\0\0\0", []),
        (b"\0\0\0\5tank2\0\0\0", ["it is not in /etc/zfs/zpool.cache, and what is not there is not imported"]),
    ],
)
def test_a_pool_that_nothing_imports_at_boot(cache: bytes | None, obstacles: list[str], tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    if cache is not None:
        (tmp_path / "etc/zfs").mkdir(parents=True)
        (tmp_path / "etc/zfs/zpool.cache").write_bytes(cache)
    pools = tuple(zpools.parse("  pool: tank\n state: ONLINE\nconfig:\n"))
    nobody: tuple[Instance, ...] = ()
    boot = look(Known(pools, ""), nobody, Deadline(10.0), str(tmp_path))
    assert [each.sentence for one in boot.assemblies for each in one.obstacles] == obstacles
