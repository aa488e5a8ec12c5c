"""Shapes of /proc/mdstat that were not captured, written after drivers/md of Linux 6.1."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardsh.model.observed import Known
from guardsh.model.storage import Array, Health, summary
from guardsh.observe import mdstat
from guardsh.observe.storage import arrays


def only(root: Path, body: str, **attributes: str) -> Array:
    """The one array of a machine with this mdstat body, and these files in its md directory."""
    (root / "proc").mkdir()
    (root / "proc/mdstat").write_text(f"Personalities : [raid10]\n{body}\nunused devices: <none>\n")
    md = root / "sys/block/md0/md"
    md.mkdir(parents=True)
    for name, content in attributes.items():
        (md / name).write_text(content + "\n")
    seen = arrays(str(root))
    assert isinstance(seen, Known)
    return seen.value[0]


def raid(level: str, up: str, layout: str = "") -> str:
    members = " ".join(f"sd{chr(97 + slot)}[{slot}]" for slot in range(len(up)))
    return f"md0 : active {level} {members}\n      1000 blocks super 1.2{layout} [{len(up)}/{up.count('U')}] [{up}]\n"


@pytest.mark.parametrize(
    ("level", "up", "layout", "health"),
    [
        ("raid1", "U_", "", Health.DEGRADED),
        ("raid1", "U__", "", Health.DEGRADED),
        ("raid1", "__", "", Health.FAILED),
        ("raid4", "UU_", "", Health.DEGRADED),
        ("raid5", "UU_", "", Health.DEGRADED),
        ("raid5", "U__", "", Health.FAILED),
        ("raid6", "UU__", "", Health.DEGRADED),
        ("raid6", "U___", "", Health.FAILED),
        ("raid10", "U_U_", " 512K chunks 2 near-copies", Health.DEGRADED),
        ("raid10", "U__U", " 512K chunks 2 near-copies", Health.DEGRADED),
        ("raid10", "__UU", " 512K chunks 2 near-copies", Health.FAILED),
        ("raid10", "UU__", " 512K chunks 2 near-copies", Health.FAILED),
        # Three members, two copies: chunk 1 lies on members 2 and 0.
        ("raid10", "_U_", " 512K chunks 2 near-copies", Health.FAILED),
        # Far copies lie on the next member: neighbours 1 and 2 hold the same data.
        ("raid10", "U__U", " 512K chunks 2 far-copies", Health.FAILED),
        ("raid10", "U_U_", " 512K chunks 2 far-copies", Health.DEGRADED),
        ("raid10", "U__U", " 512K chunks 2 offset-copies", Health.FAILED),
        ("raid10", "U__U", " 512K chunks 3 near-copies", Health.DEGRADED),
        ("raid7", "U_", "", Health.FAILED),
    ],
)
def test_what_a_level_survives(level: str, up: str, layout: str, health: Health, tmp_path: Path) -> None:
    assert only(tmp_path, raid(level, up, layout)).health is health


def test_a_growing_mirror_is_judged_in_its_old_shape_too(tmp_path: Path) -> None:
    # In six members slot 3 has a partner 2; in three, slot 0 and 2 hold the same chunk.
    body = raid("raid10", "_U_UUU", " 512K chunks 2 near-copies")
    array = only(tmp_path, body, raid_disks="6 (3)", reshape_position="2048", sync_action="idle")
    assert array.health is Health.FAILED
    assert summary(array) == "md0 raid10 4 of 6 in sync, failed, reshape interrupted (6 members, was 3)"


def test_raid0_that_lost_a_member_is_broken(tmp_path: Path) -> None:
    body = "md0 : active raid0 sdb[1] sda[0]\n      2000 blocks super 1.2 512k chunks\n"
    array = only(tmp_path, body, raid_disks="2", array_state="broken")
    assert summary(array) == "md0 raid0 2 of 2 in sync, failed"


def test_a_reshape_without_a_change_of_members(tmp_path: Path) -> None:
    body = raid("raid5", "UUU")
    array = only(tmp_path, body, raid_disks="3", reshape_position="2048", sync_action="idle")
    assert summary(array) == "md0 raid5 reshape interrupted"


def test_a_delayed_recovery_is_not_called_resync(tmp_path: Path) -> None:
    # status_resync prints resync=DELAYED whatever waits (Linux 6.1).
    array = only(tmp_path, raid("raid1", "U_") + "      \tresync=DELAYED\n", raid_disks="2", sync_action="recover")
    assert summary(array) == "md0 raid1 1 of 2 in sync, degraded, recovery delayed"


def test_a_recovery_that_began_after_mdstat_was_read(tmp_path: Path) -> None:
    array = only(tmp_path, raid("raid1", "U_"), raid_disks="2", sync_action="recover", sync_completed="10 / 40")
    assert summary(array) == "md0 raid1 1 of 2 in sync, degraded, recovery 25 %"


def test_a_container_of_foreign_metadata_is_no_array(tmp_path: Path) -> None:
    text = (
        "Personalities : [raid1]\n"
        "md126 : active raid1 sda[1] sdb[0]\n      1000 blocks super external:/md127/0 [2/2] [UU]\n\n"
        "md127 : inactive sdb[1](S) sda[0](S)\n      6306 blocks super external:imsm\n\n"
        "unused devices: <none>\n"
    )
    assert [(entry.name, entry.container) for entry in mdstat.parse(text)] == [("md126", False), ("md127", True)]


def test_flags_of_members() -> None:
    text = (
        "Personalities : [raid5]\nmd_home : active raid5 nvme0n1p2[3](J) sdd[4](R) sdc[2](F) sdb[1](W)(F) sda[0]\n"
        "      1000 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/1] [U__]\nunused devices: <none>\n"
    )
    (entry,) = mdstat.parse(text)
    assert entry.name == "md_home"
    assert entry.members == (("nvme0n1p2", "J"), ("sdd", "R"), ("sdc", "F"), ("sdb", "WF"), ("sda", ""))


@pytest.mark.parametrize(
    "text",
    ["", "Personalities : [raid1]\nmd0 : active raid1 sda[0]\n", "Personalities :\nwhat\nunused devices: <none>\n"],
)
def test_what_is_no_mdstat_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(it|line) "):
        mdstat.parse(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(40, "40 s"), (119, "119 s"), (840, "14 min"), (3 * 3600, "3 h"), (60 * 3600, "2 d")],
)
def test_time_left(seconds: int, shown: str, tmp_path: Path) -> None:
    line = f"      [=>...]  reshape = 42.0% (420/{420 + seconds}) finish=1min speed=1K/sec\n"
    array = only(tmp_path, raid("raid5", "UUU") + line, raid_disks="3 (2)")
    assert summary(array).endswith(f"%, {shown} left (3 members, was 2)")
