"""Which file systems nothing mounts at boot."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardsh.observe.fstab import by_hand

MOUNTS = """\
21 1 8:1 / / rw - ext4 /dev/sda1 rw
22 21 253:0 / /mnt/data rw - ext4 /dev/mapper/vg0-data rw
23 21 253:1 / /mnt/my\\040wal rw - xfs /dev/mapper/vg0-wal rw
24 21 0:40 / /tank rw - zfs tank rw
25 21 0:41 / /ram rw - tmpfs tmpfs rw
"""
PATHS = ("/mnt/data/postgresql/15", "/mnt/my wal/pg_wal", "/tank/ts", "/ram/ts", "/var/lib/postgresql")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("proc/self", "etc/systemd/system"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(MOUNTS)
    return tmp_path


@pytest.mark.parametrize(
    ("fstab", "expected"),
    [
        (None, ("/mnt/data", "/mnt/my wal")),
        ("# /dev/mapper/vg0-data /mnt/data ext4 defaults 0 2\n", ("/mnt/data", "/mnt/my wal")),
        ("/dev/mapper/vg0-data /mnt/data/ ext4 defaults 0 2\n", ("/mnt/my wal",)),
        ("UUID=x /mnt/data ext4 noauto 0 2\nLABEL=w /mnt/my\\040wal xfs\n", ("/mnt/data",)),
        ("UUID=x /mnt/data ext4 noauto,x-systemd.automount 0 2\n", ("/mnt/my wal",)),
    ],
)
def test_fstab(fstab: str | None, expected: tuple[str, ...], root: Path) -> None:
    if fstab is not None:
        (root / "etc/fstab").write_text(fstab)
    assert by_hand(PATHS, str(root)) == expected


def test_mount_units(root: Path) -> None:
    (root / "etc/systemd/system/mnt-data.mount").write_text("[Mount]\nWhat=/dev/vg0/data\nWhere=/mnt/data\n")
    (root / "etc/systemd/system/mnt-other.mount").symlink_to("/dev/null")
    assert by_hand(PATHS, str(root)) == ("/mnt/my wal",)
