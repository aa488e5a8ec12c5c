"""Real stacks of md, LVM and partitions, captured in each state: downwards from a path, and upwards from a device."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardsh.model.intent import Effect, Extent, Intent, Target
from guardsh.model.observed import Known
from guardsh.model.stack import Layer, Loss
from guardsh.observe import devices, storage
from guardsh.observe.stack import stacks
from guardsh.system.apart import Deadline
from tests.storage.trees import unpack_stack

DOWN = {
    "clean-lvm": """\
file system /mnt/data: ext4
  volume vg0/pgdata
    array md0: raid10 4 of 4 in sync
      disk ubda [slot 0, in sync]
      disk ubdb [slot 1, in sync]
      disk ubdc [slot 2, in sync]
      disk ubdd [slot 3, in sync]
""",
    "degraded-lvm": """\
file system /mnt/data: ext4
  volume vg0/pgdata
    array md0: raid10 3 of 4 in sync, degraded
      disk ubda [slot 0, in sync]
      missing - [slot 1, missing]
      disk ubdc [slot 2, in sync]
      disk ubdd [slot 3, in sync]
""",
    "recovering-part": """\
file system /mnt/data: ext4
  partition md0p1
    array md0: raid10 3 of 4 in sync, degraded, recovery 25 %, 3 s left
      disk ubda [slot 0, in sync]
      disk ubdb [slot 1, rebuilding]
      disk ubdc [slot 2, in sync]
      disk ubdd [slot 3, in sync]
""",
    "nvme-drive-vanished": """\
file system /mnt/data: ext4
  volume vg0/pgdata
    array md0: raid10 3 of 4 in sync, degraded
      disk nvme0n1 [slot 0, in sync]
      missing - [slot 1, missing]
      disk nvme2n1 [slot 2, in sync]
      disk nvme3n1 [slot 3, in sync]
      missing nvme1n1 [vanished]
""",
    "nvme-reshaping-lvm": """\
file system /mnt/data: ext4
  volume vg0/pgdata
    array md0: raid10 reshape 12 %, 21 s left (6 members, was 4)
      disk nvme0n1 [slot 0, in sync]
      disk nvme1n1 [slot 1, in sync]
      disk nvme2n1 [slot 2, in sync]
      disk nvme3n1 [slot 3, in sync]
      disk nvme5n1 [slot 4, in sync]
      disk nvme4n1 [slot 5, in sync]
""",
}


def drawn(layer: Layer, depth: int = 0) -> str:
    detail = f": {layer.detail}" if layer.detail else ""
    role = f" [{layer.role}]" if layer.role else ""
    here = f"{'  ' * depth}{layer.kind.value} {layer.name}{detail}{role}\n"
    return here + "".join(drawn(each, depth + 1) for each in layer.below)


@pytest.mark.parametrize("state", DOWN)
def test_down(state: str, tmp_path: Path) -> None:
    root = unpack_stack(state, tmp_path)
    [stack] = stacks(["/mnt/data/postgresql-14", "/mnt/data/wal"], storage.arrays(root), root)
    assert isinstance(stack.top, Known)
    assert drawn(stack.top.value) == DOWN[state]


def test_sizes_and_numbers(tmp_path: Path) -> None:
    """As `lsblk --bytes` had them at the same moment."""
    root = unpack_stack("degraded-lvm", tmp_path)
    [stack] = stacks(["/mnt/data"], storage.arrays(root), root)
    assert isinstance(stack.top, Known)
    [volume] = stack.top.value.below
    assert (volume.number, volume.size) == ("253:0", 205520896)
    assert (volume.below[0].number, volume.below[0].size) == ("9:0", 264241152)


def risen(state: str, tmp_path: Path, *names: str) -> tuple[list[tuple[str, str, Loss | None]], list[str]]:
    """What a command that dismantles these devices all at once reaches: mount point, way and loss; and the doubts."""
    root = unpack_stack(state, tmp_path)
    targets = tuple(Target(name, Extent.DEVICE, follow=name.startswith("/")) for name in names)
    look = devices.Look([Intent(Effect.DISMANTLE, targets, "x")], "/", Deadline(20.0), root)
    doubts: list[str] = []
    reached = [each for target in targets for each in look.reached(target, Effect.DISMANTLE, doubts)]
    return [(each.place.path, each.how, each.loss) for each in reached], doubts


def test_a_member_of_a_healthy_array_is_redundancy(tmp_path: Path) -> None:
    [(point, how, loss)], doubts = risen("clean-lvm", tmp_path, "/dev/ubda")
    assert (point, how) == ("/mnt/data", "member 0 of md0, under vg0/pgdata, under /mnt/data")
    assert loss == Loss(True, "md0 keeps all data, with less redundancy, without ubda.")
    assert [doubt for doubt in doubts if "vg0" not in doubt] == []


def test_a_member_from_which_nothing_is_read(tmp_path: Path) -> None:
    """It can be taken from the array without a loss; its data may still be what the array is rescued from."""
    [(_, how, loss)], _ = risen("recovering-part", tmp_path, "/dev/ubdb")
    assert how == "member 1 of md0, with md0p1, under /mnt/data"
    assert loss == Loss(True, "md0 keeps all data, with less redundancy, without ubdb.")


@pytest.mark.parametrize("names", [("/dev/ubda", "/dev/ubdc"), ("/dev/ubdb", "/dev/ubdd")])
def test_members_of_different_mirrors(names: tuple[str, ...], tmp_path: Path) -> None:
    reached, _ = risen("clean-lvm", tmp_path, *names)
    assert [loss.survives for _, _, loss in reached if loss] == [True, True]


def test_both_halves_of_a_mirror_at_once(tmp_path: Path) -> None:
    """Each of them alone could be spared."""
    reached, _ = risen("clean-lvm", tmp_path, "/dev/ubda", "/dev/ubdb")
    sentence = "This destroys data: without ubda and ubdb, md0 has no copy of some of it."
    assert [loss for _, _, loss in reached] == [Loss(False, sentence)] * 2


def test_the_partner_of_a_lost_member(tmp_path: Path) -> None:
    """What the night of the incident was about."""
    [(_, _, loss)], _ = risen("degraded-lvm", tmp_path, "/dev/ubda")
    sentence = "This destroys data: without ubda, while slot 1 is missing, md0 has no copy of some of it."
    assert loss == Loss(False, sentence)
    [(_, _, other)], _ = risen("degraded-lvm", tmp_path, "/dev/ubdd")
    assert other is not None
    assert other.survives


def test_a_member_that_is_not_rebuilt_yet_spares_nobody(tmp_path: Path) -> None:
    [(_, how, loss)], _ = risen("recovering-part", tmp_path, "/dev/ubda")
    assert how == "member 0 of md0, with md0p1, under /mnt/data"
    assert loss is not None
    assert not loss.survives
    assert "ubdb is rebuilding" in loss.sentence


def test_in_a_reshape_both_shapes_count(tmp_path: Path) -> None:
    reached, _ = risen("nvme-reshaping-lvm", tmp_path, "/dev/nvme4n1")
    assert [loss.survives for _, _, loss in reached if loss] == [True]


@pytest.mark.parametrize("name", ["/dev/md0", "md0", "/dev/vg0/pgdata", "vg0/pgdata", "/dev/mapper/vg0-pgdata", "vg0"])
def test_all_names_of_what_is_above(name: str, tmp_path: Path) -> None:
    [(point, _, loss)], _ = risen("clean-lvm", tmp_path, name)
    assert (point, loss) == ("/mnt/data", None)


def test_a_physical_volume_may_have_more_than_is_active(tmp_path: Path) -> None:
    """lvs of this machine does not know the group of that one."""
    for name in ("/dev/md0", "vg0"):
        _, doubts = risen("clean-lvm", tmp_path, name)
        assert any(doubt.startswith("whether all volumes of vg0 are active is not known: ") for doubt in doubts)
    assert risen("clean-lvm", tmp_path, "vg0/pgdata")[1] == []


def test_an_array_that_did_not_come_up(tmp_path: Path) -> None:
    """16:11 of the incident: nothing is mounted, and nothing known of what it holds."""
    reached, doubts = risen("inactive-lvm", tmp_path, "/dev/md127", "/dev/ubdc")
    assert reached == []
    assert doubts == [
        "what /dev/md127 holds is not known: the array is not active",
        "what /dev/ubdc holds is not known: the array is not active (md127 on it)",
    ]


def test_a_disk_that_was_in_no_array_is_read(tmp_path: Path) -> None:
    """In the captured tree there is no /dev: it cannot be."""
    reached, [doubt] = risen("clean-lvm", tmp_path, "/dev/ubde")
    assert reached == []
    assert doubt.startswith("what /dev/ubde holds is not known: could not read ")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "ubde").write_bytes(bytes(1 << 16))
    look = devices.Look((), "/", Deadline(20.0), str(tmp_path))
    assert look.upon(Target("/dev/ubdf", Extent.DEVICE, follow=True)).unmounted
    blank = Target("ubde", Extent.DEVICE)
    assert look.upon(blank).unmounted == ()
