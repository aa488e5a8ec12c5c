"""Stacks when /sys is half readable, when a device disappears, in a container, and among hundreds of others."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest

from guardsh.model.intent import Extent, Target
from guardsh.model.observed import Known, Unknown
from guardsh.model.stack import Layer, layers
from guardsh.observe import devices, signature
from guardsh.observe.stack import stacks
from guardsh.system.apart import Deadline
from guardsh.system.mount_table import Mount, mount_of, mounts
from tests.storage.loops import run, with_mounts
from tests.storage.trees import unpack_stack

NOT_LOOKED_AT = Unknown("not looked at")


def upon(root: str, name: str) -> devices.Upon:
    return devices.Look((), "/", Deadline(20.0), root).upon(Target(name, Extent.DEVICE, follow=name.startswith("/")))


def down(root: str, path: str = "/mnt/data") -> Layer:
    [stack] = stacks([path], NOT_LOOKED_AT, root)
    assert isinstance(stack.top, Known)
    return stack.top.value


def unreadable(path: str) -> None:
    """Not by permissions, which root does not feel: a link to itself."""
    shutil.rmtree(path)
    os.symlink(path, path)


def test_holders_that_cannot_be_read(tmp_path: Path) -> None:
    root = unpack_stack("clean-lvm", tmp_path)
    unreadable(os.path.realpath(f"{root}/sys/class/block/ubda") + "/holders")
    found = upon(root, "/dev/ubda")
    assert found.paths == ()
    assert [sentence for sentence in found.hidden if "/holders: too many levels" in sentence]


def test_slaves_that_cannot_be_read(tmp_path: Path) -> None:
    root = unpack_stack("clean-lvm", tmp_path)
    unreadable(f"{root}/sys/devices/virtual/block/md0/slaves")
    layer = down(root)
    assert [each.name for each in layers(layer)] == ["/mnt/data", "vg0/pgdata", "md0"]
    assert [sentence for sentence in layer.doubts if "md0/slaves" in sentence]


def test_a_device_that_disappears(tmp_path: Path) -> None:
    """Between its name in holders and the look at it."""
    root = unpack_stack("clean-lvm", tmp_path)
    shutil.rmtree(f"{root}/sys/devices/virtual/block/dm-0")
    assert upon(root, "/dev/md0").hidden == ("dm-0 disappeared while it was looked at",)
    assert upon(root, "/dev/dm-0") == devices.Upon()


def test_without_sys_block(tmp_path: Path) -> None:
    """A container: the mount has a number, and nothing tells what that is."""
    root = unpack_stack("clean-lvm", tmp_path)
    shutil.rmtree(f"{root}/sys")
    layer = down(root)
    assert layer.below == ()
    assert "/sys has nothing of the block device 253:0" in layer.doubts


def test_what_is_mounted_needs_no_sys(tmp_path: Path) -> None:
    """In a container /dev/sda1 is a node, and its number is in mountinfo."""

    def work() -> tuple[devices.Upon, devices.Upon]:
        (tmp_path / "place").mkdir()
        run("mount", "-t", "tmpfs", "somewhere", str(tmp_path / "place"))
        os.mknod(tmp_path / "md0", stat.S_IFBLK | 0o600, os.stat(tmp_path / "place").st_dev)
        os.mknod(tmp_path / "sdb", stat.S_IFBLK | 0o600, os.makedev(8, 0xFFFF0))
        return upon("/", str(tmp_path / "md0")), upon("/", str(tmp_path / "sdb"))

    mounted, hidden = with_mounts(work)
    assert (mounted.paths, mounted.unmounted, mounted.hidden) == ((str(tmp_path / "place"),), (), ())
    assert hidden.hidden == ("/sys has nothing of the block device 8:1048560",)


def test_names_that_end_a_line_elsewhere(tmp_path: Path) -> None:
    """The kernel writes blank, tab, newline and backslash in octal, and every other character as it is."""
    points = [b"/a\\040b\\011c\\012d\\134e", b"/cr\rvt\x0bfs\x1c", "/line\u2028\x85".encode(), b"/\xff"]
    lines = [b"%d 1 8:1 / %s rw - ext4 /dev/sda1 rw,x=y" % (number, point) for number, point in enumerate(points)]
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_bytes(b"\n".join([*lines, b"not one", b""]))
    seen = mounts(str(tmp_path))
    assert [os.fsencode(each.point) for each in seen] == [b"/a b\tc\nd\\e", *points[1:]]
    assert {(each.device, each.kind, each.source, each.options) for each in seen} == {
        ("8:1", "ext4", "/dev/sda1", "rw,x=y")
    }


def test_without_mountinfo(tmp_path: Path) -> None:
    root = unpack_stack("clean-lvm", tmp_path)
    os.unlink(f"{root}/proc/self/mountinfo")
    [stack] = stacks(["/mnt/data"], NOT_LOOKED_AT, root)
    assert stack.top == Unknown("could not read /proc/self/mountinfo: no such file or directory")
    assert "could not read /proc/self/mountinfo: no such file or directory" in upon(root, "/dev/ubda").hidden


def test_without_mdstat_a_member_spares_nobody(tmp_path: Path) -> None:
    from guardsh.model.intent import Effect, Intent

    root = unpack_stack("clean-lvm", tmp_path)
    os.unlink(f"{root}/proc/mdstat")
    target = Target("/dev/ubda", Extent.DEVICE, follow=True)
    look = devices.Look([Intent(Effect.DISMANTLE, (target,), "x")], "/", Deadline(20.0), root)
    [reached] = look.reached(target, Effect.DISMANTLE, [])
    assert reached.loss is not None
    assert not reached.loss.survives


def test_mappings_with_strange_names(tmp_path: Path) -> None:
    root = unpack_stack("clean-lvm", tmp_path)
    name = tmp_path / "sys/devices/virtual/block/dm-0/dm/name"
    name.write_text("my--vg-pg--data\\x20old\n")
    assert down(root).below[0].name == "my-vg/pg-data\\x20old"
    assert upon(root, "my-vg").paths == ("/mnt/data",)
    assert upon(root, "my-vg/pg-data\\x20old").paths == ("/mnt/data",)


def many(root: Path, count: int) -> None:
    """So many loop devices with a snap mounted on each, and a data directory on an ordinary disk."""
    lines = ["1 0 8:1 / / rw - ext4 /dev/sda1 rw"]
    for number in range(count):
        _device(root, f"loop{number}", f"7:{number}")
        (root / f"sys/devices/block/loop{number}/loop").mkdir()
        (root / f"sys/devices/block/loop{number}/loop/backing_file").write_text(f"/var/lib/snapd/snaps/{number}.snap\n")
        lines.append(f"{number + 2} 1 7:{number} / /snap/{number} ro - squashfs /dev/loop{number} ro")
    _device(root, "sda", "8:0")
    partition = root / "sys/devices/block/sda/sda1"
    (partition / "holders").mkdir(parents=True)
    (partition / "dev").write_text("8:1\n")
    (partition / "partition").write_text("1\n")
    for link, to in (("class/block/sda1", "../../devices/block/sda/sda1"), ("dev/block/8:1", "../../class/block/sda1")):
        os.symlink(to, root / "sys" / link)
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/mountinfo").write_text("\n".join(lines) + "\n")


def _device(root: Path, name: str, number: str) -> None:
    here = root / "sys/devices/block" / name
    for directory in ("holders", "slaves"):
        (here / directory).mkdir(parents=True)
    (here / "dev").write_text(f"{number}\n")
    (here / "size").write_text("204800\n")
    for directory, link in (("class/block", name), ("dev/block", number)):
        (root / "sys" / directory).mkdir(parents=True, exist_ok=True)
        os.symlink(f"../../devices/block/{name}", root / "sys" / directory / link)


def test_hundreds_of_devices(tmp_path: Path) -> None:
    """What is not asked for costs nothing; all loop devices lie in files of the disk."""
    many(tmp_path, 500)
    start = time.process_time()
    layer = down(str(tmp_path), "/var/lib/postgresql/15/main")
    assert time.process_time() - start < 0.3
    assert [each.name for each in layers(layer)] == ["/", "sda1", "sda"]
    start = time.process_time()
    found = upon(str(tmp_path), "/dev/sda")
    assert time.process_time() - start < 0.3
    assert len(found.paths) == 501


def mount(identifier: int, parent: int, point: str) -> Mount:
    return Mount(identifier, parent, 0, "/", point, "ext4", "/dev/x", "rw", "rw")


def test_the_walk_through_mounts() -> None:
    root, data, over = mount(1, 0, "/"), mount(2, 1, "/mnt/data"), mount(3, 1, "/mnt")
    assert mount_of("/mnt/data/x", [root, data]) is data
    assert mount_of("/mnt/data/x", [root, data, over]) is over, "what was mounted above it later hides it"
    assert mount_of("/mnt/data/x", [root, over, mount(4, 3, "/mnt/data")]) == mount(4, 3, "/mnt/data")
    again = mount(5, 2, "/mnt/data")
    assert mount_of("/mnt/data", [root, data, again]) is again
    assert mount_of("/mnt", []) is None


@pytest.mark.parametrize(
    ("place", "magic", "told"),
    [
        (4096, "fc4e2ba9", "a member of an md array"),
        (-65536, "fc4e2ba9", "a member of an md array"),  # 0.90
        (-8192, "fc4e2ba9", "a member of an md array"),  # 1.0
        (512, b"LABELONE".hex(), "a physical volume of LVM"),
        (0, b"LUKS\xba\xbe".hex(), "encrypted by LUKS"),
        (0x20000 + 3 * 1024, "0cb1ba0000000000", "a ZFS pool"),
        (0, b"XFSB".hex(), "an xfs file system"),
        (509, "0155aa", "a partition table or a boot sector"),
        (-512, b"EFI PART".hex(), "a partition table (GPT) at its end"),
        (100_000, "01", "neither mounted nor blank"),
        (0, "00", ""),
    ],
)
def test_signatures(place: int, magic: str, told: str, tmp_path: Path) -> None:
    size = 8 << 20
    with open(tmp_path / "disk", "wb") as disk:
        disk.truncate(size)
        disk.seek(place % size)
        disk.write(bytes.fromhex(magic))
    found = signature.content(str(tmp_path / "disk"))
    assert told in found
    assert bool(told) == bool(found)


@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_an_empty_partition_table_is_blank(label: str, tmp_path: Path) -> None:
    """And one whose partition has just been deleted, with all its data still there, is not."""
    disk = tmp_path / "disk"
    with open(disk, "wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["sfdisk", "-q", disk], input=f"label: {label}\n".encode(), check=True)
    assert signature.content(str(disk)) == ""
    subprocess.run(["sfdisk", "-q", disk], input=f"label: {label}\n2048,\n".encode(), check=True)
    assert signature.content(str(disk)).startswith("it has a partition table")
    with open(disk, "r+b") as file:
        file.seek((1 << 20) + 0x438)
        file.write(b"\x53\xef")
    subprocess.run(["sfdisk", "-q", "--delete", disk], check=True)
    assert signature.content(str(disk)).startswith("it has a partition table")


def test_what_has_no_size_is_not_blank(tmp_path: Path) -> None:
    (tmp_path / "disk").touch()
    assert signature.content(str(tmp_path / "disk")).startswith("it has no size")


def mapping(root: Path, number: int, name: str, uuid: str, *below: str) -> None:
    """A device of the device mapper over others, as the kernel shows both."""
    _device(root, f"dm-{number}", f"253:{number}")
    here = root / f"sys/devices/block/dm-{number}"
    (here / "dm").mkdir()
    (here / "dm/name").write_text(f"{name}\n")
    (here / "dm/uuid").write_text(f"{uuid}\n")
    for each in below:
        os.symlink(root / "sys/class/block" / each, here / "slaves" / each)
        os.symlink(here, root / "sys/class/block" / each / "holders" / f"dm-{number}")


def test_every_kind_of_mapping(tmp_path: Path) -> None:
    """Two paths to one disk, a partition of it, LUKS on that, and a thin volume with its pool."""
    for name, number in (("sda", "8:0"), ("sdb", "8:16")):
        _device(tmp_path, name, number)
    mapping(tmp_path, 0, "mpatha", "mpath-3600508b4", "sda", "sdb")
    mapping(tmp_path, 1, "mpatha-part1", "part1-mpath-3600508b4", "dm-0")
    mapping(tmp_path, 2, "secret", "CRYPT-LUKS2-0123-secret", "dm-1")
    mapping(tmp_path, 3, "vg0-pool-tpool", "LVM-0123-tpool", "dm-2")
    mapping(tmp_path, 4, "vg0-pg--data", "LVM-4567", "dm-3")
    mapping(tmp_path, 5, "other", "", "dm-4")
    (tmp_path / "proc/self").mkdir(parents=True)
    mounted = "1 0 0:1 / / rw - tmpfs tmpfs rw\n2 1 253:5 / /mnt/data rw shared:1 - xfs /dev/mapper/other rw\n"
    (tmp_path / "proc/self/mountinfo").write_text(mounted)
    layer = down(str(tmp_path))
    assert [(each.kind.value, each.name) for each in layers(layer)] == [
        ("file system", "/mnt/data"),
        ("mapping", "other"),
        ("volume", "vg0/pg-data"),
        ("volume", "vg0/pool-tpool"),
        ("crypt", "secret"),
        ("partition", "mpatha-part1"),
        ("multipath", "mpatha"),
        ("disk", "sda"),
        ("disk", "sdb"),
    ]
    for name in ("/dev/sdb", "/dev/mapper/secret", "vg0", "vg0/pg-data", "/dev/vg0/pg-data", "secret"):
        assert upon(str(tmp_path), name).paths == ("/mnt/data",), name
