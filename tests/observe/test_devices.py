"""What stands on real devices: loop devices over files, mounted in a mount namespace of the test's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from guardsh import commands
from guardsh.model.finding import Findings, Part
from guardsh.model.intent import Extent, Invocation, Target
from guardsh.observe import devices, findings
from guardsh.policy import config
from guardsh.system.apart import Deadline
from tests.storage.loops import SIZE, attach, detach, plant, run, with_mounts


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[str]:
    """A blank loop device."""
    device = attach(tmp_path / "image")
    yield device
    detach(device)


def upon(name: str, cwd: str, *, by_path: bool) -> devices.Upon:
    return devices.Look((), cwd, Deadline(20.0)).upon(Target(name, Extent.DEVICE, follow=by_path))


def look(line: str, *known: Path) -> Findings:
    invocation = Invocation(tuple(line.split()), "/", {})
    policy = replace(config.builtin(), data_directories=tuple(map(str, known)), deadline=30.0)
    return findings.look(commands.understand(invocation), invocation, policy)


def touched(found: Findings) -> set[tuple[str, Part, str]]:
    return {
        (os.path.basename(one.instance.directory.place.path), one.part, one.effect.value)
        for each in found.touches
        for one in each
    }


def test_blank(loop: str) -> None:
    assert upon(loop, "/", by_path=True) == devices.Upon()
    assert upon(os.path.basename(loop), "/dev", by_path=True) == devices.Upon()
    assert upon(os.path.basename(loop), "/", by_path=False) == devices.Upon()


def test_not_mounted(loop: str) -> None:
    run("mkfs.ext4", "-q", loop)
    why = f"what {loop} holds is not known: it has an ext2, ext3 or ext4 file system that is not mounted"
    assert upon(loop, "/", by_path=True).unmounted == (why,)


def test_last_superblock_counts(loop: str) -> None:
    """md 1.0 and ZFS keep theirs at the end."""
    with open(loop, "r+b") as device:
        device.seek(SIZE - 65536)
        device.write(b"\xfc\x4e\x2b\xa9")
    assert upon(loop, "/", by_path=True).unmounted


def test_mounted(loop: str, tmp_path: Path) -> None:
    run("mkfs.ext4", "-q", loop)
    place = tmp_path / "a place"
    place.mkdir()

    def work() -> devices.Upon:
        run("mount", loop, str(place))
        return upon(loop, "/", by_path=True)

    found = with_mounts(work)
    assert (found.paths, found.unmounted) == ((str(place),), ())
    assert "/" in found.beside


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("mkfs.ext4 -F {}", {("data", Part.ALL, "dismantle")}),
        ("wipefs -a {}", {("data", Part.ALL, "dismantle")}),
        ("mdadm --stop {}", {("data", Part.ALL, "dismantle")}),
        ("umount -l {}", {("data", Part.ALL, "stop")}),
        ("losetup -d {}", {("data", Part.ALL, "stop")}),
        ("wipefs {}", set()),
        ("umount {}", set()),
    ],
)
def test_data_directory_on_it(loop: str, tmp_path: Path, typed: str, expected: set[tuple[str, Part, str]]) -> None:
    run("mkfs.ext4", "-q", loop)

    def work() -> tuple[set[tuple[str, Part, str]], tuple[tuple[str, ...], ...]]:
        run("mount", loop, str(tmp_path))
        plant(tmp_path / "data")  # nobody told us about it: it is found
        found = look(typed.format(loop), tmp_path / "data")
        return touched(found), found.unseen

    found, unseen = with_mounts(work)
    assert found == expected
    assert not any(unseen)


def test_only_what_lies_on_the_device_is_touched(loop: str, tmp_path: Path) -> None:
    """What is mounted below it from another disk stands elsewhere; what lies in a loop device may lie in its files."""
    run("mkfs.ext4", "-q", loop)
    place, other = tmp_path / "mounted", tmp_path / "other"
    for directory in (place, other):
        directory.mkdir()
    plant(other / "elsewhere")
    root = subprocess.run(["findmnt", "-no", "SOURCE", "-T", str(other)], capture_output=True, text=True, check=True)
    if not os.path.exists(disk := root.stdout.strip()):
        pytest.skip("the root file system is on no device of this machine")

    def work() -> tuple[set[str], set[str]]:
        run("mount", loop, str(place))
        plant(place / "here")
        (place / "nested").mkdir()
        run("mount", "--bind", str(other), str(place / "nested"))
        known = (place / "here", place / "nested" / "elsewhere")
        on_loop, on_disk = (touched(look(line, *known)) for line in (f"mkswap {loop}", f"fdisk {disk}"))
        return {name for name, _, _ in on_loop}, {name for name, _, _ in on_disk}

    on_loop, on_disk = with_mounts(work)
    assert on_loop == {"here"}
    assert {"here", "elsewhere"} <= on_disk


def test_wal_alone_on_it(loop: str, tmp_path: Path) -> None:
    run("mkfs.ext4", "-q", loop)
    plant(tmp_path / "data")

    def work() -> set[tuple[str, Part, str]]:
        run("mount", loop, str(tmp_path / "data" / "pg_wal"))
        return touched(look(f"mkfs.xfs -f {loop}", tmp_path / "data"))

    assert with_mounts(work) == {("data", Part.WAL, "dismantle")}


def test_partition(loop: str, tmp_path: Path) -> None:
    subprocess.run(["sfdisk", "-q", loop], input=b"2048,\n", capture_output=True, check=True)
    subprocess.run(["partx", "-a", loop], capture_output=True, check=False)
    partition = f"{loop}p1"
    if not os.path.exists(partition):
        pytest.skip("no partitions of loop devices here")
    run("mkfs.ext4", "-q", partition)

    def work() -> tuple[devices.Upon, devices.Upon]:
        before = upon(loop, "/", by_path=True)
        run("mount", partition, str(tmp_path))
        return before, upon(loop, "/", by_path=True)

    before, after = with_mounts(work)
    run("partx", "-d", loop)
    assert before.unmounted[0].endswith(f"({os.path.basename(partition)} on it)")
    assert (after.paths, after.unmounted) == ((str(tmp_path),), ())


def test_what_is_not_mounted_counts_only_beside_postgres(loop: str, tmp_path: Path) -> None:
    run("mkfs.ext4", "-q", loop)
    plant(tmp_path / "data")
    assert look(f"mkfs.ext4 {loop}", tmp_path / "data").unseen[0] != ()
    # STOP: nothing runs on what is not mounted.
    assert look(f"losetup -d {loop}", tmp_path / "data").unseen == ((),)


def test_names(tmp_path: Path) -> None:
    assert upon("/dev/absent", "/", by_path=True) == devices.Upon()
    assert upon("/dev/vg0/absent", "/", by_path=False) == devices.Upon()
    assert upon("absent", str(tmp_path), by_path=True) == devices.Upon()
    [doubt] = upon("vg0/absent", str(tmp_path), by_path=False).unmounted
    assert doubt.startswith("vg0/absent is found neither")
    (tmp_path / "image").touch()
    assert upon("image", str(tmp_path), by_path=True).paths == (str(tmp_path / "image"),)


def test_a_mounted_source_is_a_name(tmp_path: Path) -> None:
    """As ZFS has its datasets in mountinfo, which this kernel does not know: a tmpfs called so stands in."""

    def work() -> tuple[devices.Upon, devices.Upon]:
        run("mount", "-t", "tmpfs", "tank/pg", str(tmp_path))
        return upon("tank", "/", by_path=False), upon("tan", "/", by_path=False)

    pool, other = with_mounts(work)
    assert (pool.paths, pool.unmounted) == ((str(tmp_path),), ())
    assert other.unmounted
