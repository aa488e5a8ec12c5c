"""Every captured state of an array, in one line; review a line against md-states/STATE.detail.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardsh.model.observed import Known
from guardsh.model.storage import summary
from guardsh.observe.storage import arrays
from tests.storage.trees import STATES, unpack

EXPECTED = {
    "bitmap-recovering": ["recovering: md0 raid10 3 of 4 in sync, degraded, recovery 12 %, 21 s left"],
    "broken": ["failed: md0 raid10 2 of 4 in sync, failed"],
    "check": ["checking: md0 raid10 4 of 4 in sync, check 12 %, 14 s left"],
    "clean": ["clean: md0 raid10 4 of 4 in sync"],
    "clean-lvm": ["clean: md0 raid10 4 of 4 in sync"],
    "degraded": ["degraded: md0 raid10 3 of 4 in sync, degraded"],
    "degraded-fs": ["degraded: md0 raid10 3 of 4 in sync, degraded"],
    "degraded-lvm": ["degraded: md0 raid10 3 of 4 in sync, degraded"],
    "delayed": [
        "resyncing: md1 raid10 4 of 4 in sync, resync delayed",
        "resyncing: md0 raid10 4 of 4 in sync, resync 9 %, 10 s left",
    ],
    "faulty": ["degraded: md0 raid10 3 of 4 in sync, degraded"],
    "frozen-degraded": ["degraded: md0 raid10 3 of 4 in sync, degraded, recovery frozen"],
    "inactive": ["inactive: md127 inactive, 2 member devices"],
    "inactive-lvm": ["inactive: md127 inactive, 2 member devices"],
    "no-arrays": [],
    "nvme-drive-vanished": ["degraded: md0 raid10 3 of 4 in sync, degraded"],
    "nvme-drive-vanished-idle": ["degraded: md0 raid10 3 of 4 in sync, degraded"],
    "nvme-recovering-after-vanish": ["recovering: md0 raid10 3 of 4 in sync, degraded, recovery 25 %, 12 s left"],
    "nvme-reshaping-lvm": ["reshaping: md0 raid10 reshape 12 %, 21 s left (6 members, was 4)"],
    "pending": ["resyncing: md0 raid10 4 of 4 in sync, resync pending, auto-read-only"],
    "raid1-degraded": [
        "clean: md1 raid5 3 of 3 in sync",
        "degraded: md0 raid1 1 of 2 in sync, degraded",
    ],
    "readonly": ["clean: md0 raid10 4 of 4 in sync, read-only"],
    "recovering": ["recovering: md0 raid10 3 of 4 in sync, degraded, recovery 25 %, 12 s left"],
    "recovering-part": ["recovering: md0 raid10 3 of 4 in sync, degraded, recovery 25 %, 3 s left"],
    "reshape-crashed-incremental-missing-member": ["inactive: md127 inactive, 5 member devices"],
    "reshape-crashed-reassembled": [
        "reshaping: md0 raid10 reshape interrupted, auto-read-only (6 members, was 4)",
    ],
    "reshape-resumed-after-crash": ["reshaping: md0 raid10 reshape 25 %, 13 s left (6 members, was 4)"],
    "reshaping": ["reshaping: md0 raid10 reshape 12 %, 34 s left (6 members, was 4)"],
    "reshaping-degraded": [
        "degraded: md0 raid10 5 of 6 in sync, degraded, reshape 12 %, 14 s left (6 members, was 4)",
    ],
    "reshaping-lvm": ["reshaping: md0 raid10 reshape 12 %, 14 s left (6 members, was 4)"],
    "resyncing": ["resyncing: md0 raid10 4 of 4 in sync, resync 12 %, 20 s left"],
    "two-failed-same-mirror-stopped": [],
}


def test_every_captured_state_has_a_line() -> None:
    assert {path.name.removesuffix(".tar.gz") for path in STATES.glob("*.tar.gz")} == set(EXPECTED)


@pytest.mark.parametrize("state", EXPECTED)
def test_state(state: str, tmp_path: Path) -> None:
    seen = arrays(unpack(state, tmp_path))
    assert isinstance(seen, Known)
    assert [f"{array.health.value}: {summary(array)}" for array in seen.value] == EXPECTED[state]


@pytest.mark.parametrize(
    ("state", "members"),
    [
        ("clean", "ubdd 3 in_sync, ubdc 2 in_sync, ubdb 1 in_sync, ubda 0 in_sync"),
        # The number behind a name in mdstat, ubdb[4], is not its slot.
        ("recovering", "ubdb 1 rebuilding, ubdd 3 in_sync, ubdc 2 in_sync, ubda 0 in_sync"),
        ("degraded", "ubdd 3 in_sync, ubdc 2 in_sync, ubda 0 in_sync,  1 missing"),
        ("broken", "ubdd 3 in_sync, ubdc 2 in_sync, ubdb 1 faulty, ubda None faulty,  0 missing"),
        ("nvme-drive-vanished-idle", "nvme3n1 3 in_sync, nvme2n1 2 in_sync, nvme1n1 1 vanished, nvme0n1 0 in_sync"),
        ("inactive", "ubdd None spare, ubdc None spare"),
    ],
)
def test_members(state: str, members: str, tmp_path: Path) -> None:
    seen = arrays(unpack(state, tmp_path))
    assert isinstance(seen, Known)
    shown = [f"{member.device} {member.slot} {member.state}" for member in seen.value[0].members]
    assert ", ".join(shown) == members


def test_a_pulled_drive_is_named(tmp_path: Path) -> None:
    seen = arrays(unpack("nvme-drive-vanished-idle", tmp_path))
    assert isinstance(seen, Known)
    assert seen.value[0].doubts == ("nvme1n1 is gone from this machine",)
