"""Whether an array would come up again: captured superblocks on files in place of disks, below a captured tree."""

from __future__ import annotations

import gzip
import re
import struct
import time
from pathlib import Path

import pytest

from guardsh.model.boot import Assembly
from guardsh.model.observed import Known, Unknown
from guardsh.observe import assembly, superblock
from guardsh.observe.assembly import assemblies
from guardsh.observe.storage import arrays
from guardsh.system.apart import Deadline
from tests.storage.trees import unpack

CAPTURED = Path(__file__).parent / "superblocks"
UUID = "5d6581e5ab9266a34074ced2f401917d"


def block(name: str) -> bytes:
    return gzip.decompress((CAPTURED / f"{name}.gz").read_bytes())


@pytest.mark.parametrize("name", [path.name.removesuffix(".gz") for path in sorted(CAPTURED.glob("*.gz"))])
def test_as_mdadm_examines_it(name: str, tmp_path: Path) -> None:
    said = (CAPTURED / f"{name}.examine.txt").read_text()
    version = re.search(r"Version : (\S+)", said)[1].replace("0.90.00", "0.90")  # type: ignore[index]
    found = superblock.read(str(disk(tmp_path / "ubdb", block(name), version)), version)
    assert isinstance(found, superblock.Superblock)
    assert found.uuid == re.search(r"(?<!Device )UUID : (\S+)", said)[1].replace(":", "")  # type: ignore[index]
    assert str(found.events) in re.findall(r"Events : (?:0\.)?(\d+)", said)
    position = re.search(r"Reshape pos'n : (\d+)", said)
    assert (found.reshape is not None) == (position is not None)
    if found.reshape and position:
        assert found.reshape.position == 2 * int(position[1])


def test_a_reshape_in_place_writes_over_what_it_reads() -> None:
    found = superblock.parse(block("raid5-in-place")), superblock.parse(block("raid10-reshape"))
    assert [each.reshape.in_place for each in found if each and each.reshape] == [True, False]


@pytest.mark.parametrize("spoilt", [0, 16, 216, 4000])
def test_a_damaged_superblock_is_none(spoilt: int) -> None:
    whole = block("raid10-1.2")
    damaged = whole[:spoilt] + bytes([whole[spoilt] ^ 1]) + whole[spoilt + 1 :]
    assert (superblock.parse(damaged) is None) == (spoilt < 4000)


def disk(path: Path, content: bytes, version: str = "1.2") -> Path:
    """A file of 256 kB with the superblock where the version has it."""
    size = 262144
    offset = {"0.90": size - 65536, "1.0": size - 8192, "1.1": 0}.get(version, 4096)
    path.write_bytes(bytes(offset) + content + bytes(size - offset - len(content)))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clean RAID 10 of four disks, each with its superblock, and Debian's udev rules."""
    return laid_out("clean", tmp_path)


def laid_out(state: str, tmp_path: Path) -> Path:
    root = Path(unpack(state, tmp_path / state))
    md = root / "sys/block/md0/md"
    (md / "uuid").write_text(f"{UUID[:8]}-{UUID[8:]}\n")
    for member in md.glob("dev-*"):
        (member / "block/dev").write_text("0:0\n")  # the number of no device: a file has it
        (root / "dev").mkdir(exist_ok=True)
        disk(root / "dev" / member.name.removeprefix("dev-"), block("raid10-1.2"))
    rules = root / "lib/udev/rules.d/64-md-raid-assembly.rules"
    rules.parent.mkdir(parents=True)
    rules.touch()
    return root


def told(root: Path) -> Assembly:
    seen = arrays(str(root))
    assert isinstance(seen, Known)
    (only,) = assemblies(seen.value, Deadline(10.0), str(root))
    return only


def obstacles(root: Path) -> list[str]:
    return [each.sentence for each in told(root).obstacles]


def configure(root: Path, text: str) -> None:
    (root / "etc/mdadm").mkdir(parents=True, exist_ok=True)
    (root / "etc/mdadm/mdadm.conf").write_text(text)


def test_a_healthy_array_that_is_named_comes_up(root: Path) -> None:
    configure(root, f"ARRAY /dev/md/data metadata=1.2\n   UUID={UUID[:8]}:{UUID[8:16]}:{UUID[16:24]}:{UUID[24:]}\n")
    assert told(root) == Assembly("md0")


def test_a_member_without_a_superblock(root: Path) -> None:
    disk(root / "dev/ubdc", bytes(4096))
    assert obstacles(root) == ["the superblock of ubdc (member 2 of md0) is not there"]
    assert told(root).obstacles[0].look == "mdadm --examine /dev/ubdc"


def test_two_of_one_mirror_without_one(root: Path) -> None:
    for name in ("ubdc", "ubdd"):
        disk(root / "dev" / name, bytes(4096))
    assert obstacles(root)[-1] == "too few members would be found to start it, 2 of 4"


def test_a_member_that_is_behind(root: Path) -> None:
    behind = bytearray(block("raid10-1.2"))
    for name in ("ubda", "ubdb", "ubdc"):
        disk(root / "dev" / name, with_events(bytes(behind), 130))
    assert obstacles(root) == ["the superblock of ubdd (member 3 of md0) is out of date (event 0 of 130)"]
    disk(root / "dev/ubdd", with_events(bytes(behind), 129))  # it is being written
    assert obstacles(root) == []


def with_events(content: bytes, events: int) -> bytes:
    changed = content[:200] + struct.pack("<Q", events) + content[208:]
    old = struct.unpack_from("<I", content, 216)[0] - struct.unpack_from("<Q", content, 200)[0]
    return changed[:216] + struct.pack("<I", old + events) + changed[220:]


def test_the_superblock_of_another_array(root: Path) -> None:
    disk(root / "dev/ubda", block("raid10-reshape"))
    assert "the superblock of ubda (member 0 of md0) is of another array" in obstacles(root)


def test_a_disk_that_is_not_the_member_is_a_doubt(root: Path) -> None:
    (root / "sys/block/md0/md/dev-ubda/block/dev").write_text("98:0\n")
    assert obstacles(root) == []
    assert told(root).doubts[0].startswith("1 of 4 superblocks cannot be seen: ")


def test_a_disk_that_hangs_leaves_the_others_alone() -> None:
    def hangs() -> superblock.Missing:
        time.sleep(60)
        raise AssertionError

    there = superblock.Missing("is not there")
    found = assembly._all([hangs, lambda: there], Deadline(1.0))
    assert isinstance(found[0], Unknown)
    assert found[1] == there


def test_no_device_node_is_a_doubt(root: Path) -> None:
    (root / "dev/ubda").unlink()
    assert told(root).doubts == (
        f"1 of 4 superblocks cannot be seen: could not read {root}/dev/ubda: no such file or directory",
    )


def test_a_member_that_has_failed_needs_no_superblock(tmp_path: Path) -> None:
    root = laid_out("faulty", tmp_path)
    disk(root / "dev/ubdb", bytes(4096))
    assert obstacles(root) == []


@pytest.mark.parametrize(
    ("text", "udev", "expected"),
    [
        ("", True, []),
        ("", False, ["it is not in mdadm.conf, and what is not there is not assembled"]),
        ("AUTO -all\n", True, ["it is not in mdadm.conf, and what is not there is not assembled"]),
        ("AUTO +1.x -all\n", True, []),
        ("auto +0.90 -all # comment\n", True, ["it is not in mdadm.conf, and what is not there is not assembled"]),
        (f"ARRAY <ignore> UUID={UUID}\n", True, ["mdadm.conf says to ignore it"]),
        ("AUTO -all\nARRAY /dev/md0\n", True, []),
        (f"AUTO -all\nARRAY /dev/md7 UUID={UUID.upper()}\n", True, []),
    ],
)
def test_mdadm_conf(text: str, udev: bool, expected: list[str], root: Path) -> None:
    configure(root, text)
    if not udev:
        (root / "lib/udev/rules.d/64-md-raid-assembly.rules").unlink()
    assert obstacles(root) == expected


def test_an_array_that_is_not_named_may_be_called_otherwise(root: Path) -> None:
    assert told(root).remarks == ("md0 is not in mdadm.conf: it may come up under another name (md127)",)


@pytest.fixture
def critical(root: Path) -> Path:
    """A RAID 5 that is reshaped in place, at its very beginning."""
    (root / "sys/block/md0/md/level").write_text("raid5\n")
    mdstat = root / "proc/mdstat"
    mdstat.write_text(mdstat.read_text().replace("raid10", "raid5"))
    for name in ("ubda", "ubdb", "ubdc", "ubdd"):
        disk(root / "dev" / name, block("raid5-in-place"))
    (root / "sys/block/md0/md/uuid").write_text("c6ed00fe-d2da-3d9d-6964-6b789d7d0dc0\n")
    return root


CRITICAL = "its reshape is in the critical section, and goes on only with "


def test_a_reshape_in_its_critical_section(critical: Path) -> None:
    assert obstacles(critical) == [CRITICAL + "a backup file that nothing names at boot"]


@pytest.mark.parametrize(
    ("path", "lies"),
    [
        ("/root/md0.backup", "which nothing names at boot"),
        ("/root/gone", "which is not there"),
        ("/run/md0.backup", "which lies in memory and is gone after a reboot"),
        ("/mnt/data/md0.backup", "which lies on md0 itself"),
    ],
)
def test_where_the_backup_file_lies(path: str, lies: str, critical: Path) -> None:
    _mounted(critical)
    link = critical / "run/mdadm/backup_file-md0"
    link.parent.mkdir(parents=True)
    link.symlink_to(path)
    if "gone" not in path:
        file = critical / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert obstacles(critical) == [f"{CRITICAL}its backup file {path}, {lies}"]


def test_the_backup_file_by_the_command_line_of_mdadm(critical: Path) -> None:
    _mounted(critical)
    process = critical / "proc/4711"
    process.mkdir()
    (process / "stat").write_text("4711 (mdadm) S 1 1 1 0 -1 0 " + "0 " * 40)
    (process / "cmdline").write_bytes(b"mdadm\0--grow\0/dev/md0\0-n3\0--backup-file=/root/gone\0")
    assert obstacles(critical) == [f"{CRITICAL}its backup file /root/gone, which is not there"]


def _mounted(root: Path) -> None:
    (root / "proc/self").mkdir(exist_ok=True)
    (root / "sys/dev/block").mkdir(parents=True, exist_ok=True)
    (root / "sys/dev/block/9:0").symlink_to("../../block/md0")
    (root / "proc/self/mountinfo").write_text(
        "1 0 0:20 / / rw - ext4 none rw\n"
        "2 1 0:21 / /run rw - tmpfs tmpfs rw\n"
        "3 1 9:0 / /mnt/data rw - ext4 /dev/md0 rw\n"
    )
