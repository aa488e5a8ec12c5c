"""Real stacks on this machine: ext4 on a partition of a loop device, an overlay, a bind mount, btrfs over four."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardsh.model.intent import Effect, Extent, Intent, Target
from guardsh.model.node_state import ArrayState
from guardsh.model.observed import Known, Unknown
from guardsh.model.stack import Kind, Layer, Loss, Stack, layers
from guardsh.model.verdict import Caller, Decision, Verdict
from guardsh.observe import devices
from guardsh.observe.discovery import may_carry_postgres
from guardsh.observe.stack import stacks
from guardsh.policy.node_state import not_known, with_arrays
from guardsh.system.apart import Deadline
from guardsh.watch import survey
from tests.decisions.judging import verdict_on
from tests.storage.loops import attach, detach, plant, run, with_mounts

_BTRFS_LEAST = 128 << 20  # bytes: mkfs.btrfs wants 109 MiB of each device


@pytest.fixture
def four(tmp_path: Path) -> Iterator[list[str]]:
    """Four loop devices with one btrfs raid10 file system."""
    if "\tbtrfs\n" not in Path("/proc/filesystems").read_text():
        pytest.skip("this kernel has no btrfs")
    made = [attach(tmp_path / f"image {number}", _BTRFS_LEAST) for number in range(4)]
    run("mkfs.btrfs", "-q", "-f", "-d", "raid10", "-m", "raid10", *made)
    run("btrfs", "device", "scan", *made)
    yield made
    subprocess.run(["btrfs", "device", "scan", "--forget"], capture_output=True, check=False)
    for device in made:
        subprocess.run(["losetup", "-d", device], capture_output=True, check=False)


def top(stack: Stack) -> Layer:
    assert isinstance(stack.top, Known), stack.top
    return stack.top.value


def of(path: Path) -> Layer:
    [stack] = stacks([str(path)], Unknown("not looked at"))
    return top(stack)


def kinds(layer: Layer) -> list[tuple[Kind, str]]:
    return [(each.kind, each.name) for each in layers(layer)]


def reached(*names: str) -> tuple[set[tuple[str, str, Loss | None]], list[str]]:
    targets = tuple(Target(name, Extent.DEVICE, follow=True) for name in names)
    look = devices.Look([Intent(Effect.DISMANTLE, targets, "x")], "/", Deadline(20.0))
    doubts: list[str] = []
    found = {
        (one.place.path, one.how, one.loss)
        for target in targets
        for one in look.reached(target, Effect.DISMANTLE, doubts)
    }
    return found, doubts


def test_partition_on_a_loop_device_in_a_file(tmp_path: Path) -> None:
    loop = attach(tmp_path / "an image")
    place = tmp_path / "a place\\with \t all"
    place.mkdir()
    try:
        subprocess.run(["sfdisk", "-q", loop], input=b"2048,\n", capture_output=True, check=True)
        subprocess.run(["partx", "-a", loop], capture_output=True, check=False)
        if not os.path.exists(f"{loop}p1"):
            pytest.skip("no partitions of loop devices here")
        run("mkfs.ext4", "-q", f"{loop}p1")

        def work() -> tuple[Layer, set[tuple[str, str, Loss | None]]]:
            run("mount", f"{loop}p1", str(place))
            (place / "below").mkdir()
            return of(place / "below"), reached(loop)[0]

        layer, found = with_mounts(work)
        name = os.path.basename(loop)
        assert kinds(layer)[:3] == [
            (Kind.FILE_SYSTEM, str(place)),
            (Kind.PARTITION, f"{name}p1"),
            (Kind.LOOP, name),
        ]
        assert layer.below[0].below[0].detail == f"file {tmp_path / 'an image'}"
        assert layer.below[0].below[0].below[0].kind is Kind.FILE_SYSTEM
        assert found == {(str(place), f"with {name}p1, under {place}", None)}
    finally:
        subprocess.run(["partx", "-d", loop], capture_output=True, check=False)
        detach(loop)


def test_bind_mounts_and_what_hides_a_mount(tmp_path: Path) -> None:
    loop = attach(tmp_path / "image")
    try:
        run("mkfs.ext4", "-q", loop)
        for name in ("mounted", "bound", "hidden"):
            (tmp_path / name).mkdir()

        def work() -> tuple[list[tuple[Kind, str]], str, list[Kind], set[str]]:
            run("mount", loop, str(tmp_path / "mounted"))
            (tmp_path / "mounted" / "data").mkdir()
            run("mount", "--bind", str(tmp_path / "mounted" / "data"), str(tmp_path / "bound"))
            bound = of(tmp_path / "bound")
            found = {point for point, _, _ in reached(loop)[0]}
            run("mount", "-t", "tmpfs", "tmpfs", str(tmp_path / "mounted"))
            return kinds(bound)[:2], bound.detail, [each.kind for each in layers(of(tmp_path / "mounted"))], found

        bound, detail, over, found = with_mounts(work)
        assert bound == [(Kind.FILE_SYSTEM, str(tmp_path / "bound")), (Kind.LOOP, os.path.basename(loop))]
        assert re.fullmatch(r"ext4 its /data, [0-9.]+ MB free of [0-9.]+ MB", detail)
        assert over == [Kind.MEMORY]
        assert found == {str(tmp_path / "mounted"), str(tmp_path / "bound")}
    finally:
        detach(loop)


def test_overlay(tmp_path: Path) -> None:
    """What is written to it lies below its upper directory, and so does a container's data directory."""
    loop = attach(tmp_path / "image")
    try:
        run("mkfs.ext4", "-q", loop)
        for name in ("disk", "merged"):
            (tmp_path / name).mkdir()

        def work() -> tuple[list[tuple[Kind, str]], set[str]]:
            run("mount", loop, str(tmp_path / "disk"))
            for name in ("lower", "upper", "work"):
                (tmp_path / "disk" / name).mkdir()
            options = ",".join(f"{name}dir={tmp_path / 'disk' / name}" for name in ("lower", "upper", "work"))
            run("mount", "-t", "overlay", "overlay", "-o", options, str(tmp_path / "merged"))
            return kinds(of(tmp_path / "merged"))[:3], {point for point, _, _ in reached(loop)[0]}

        down, up = with_mounts(work)
        assert down == [
            (Kind.FILE_SYSTEM, str(tmp_path / "merged")),
            (Kind.FILE_SYSTEM, str(tmp_path / "disk")),
            (Kind.LOOP, os.path.basename(loop)),
        ]
        assert up == {str(tmp_path / "disk"), str(tmp_path / "merged")}
    finally:
        detach(loop)


def test_disk_under_a_loop_device(tmp_path: Path) -> None:
    """A file system in a file of a file system: up from the outer device to the inner mount point."""
    outer = attach(tmp_path / "outer", 64 << 20)
    for name in ("outside", "inside"):
        (tmp_path / name).mkdir()
    try:
        run("mkfs.ext4", "-q", outer)

        def work() -> set[tuple[str, str]]:
            run("mount", outer, str(tmp_path / "outside"))
            inner = attach(tmp_path / "outside" / "inner")
            try:
                run("mkfs.ext4", "-q", inner)
                run("mount", inner, str(tmp_path / "inside"))
                found = {(point, how.replace(os.path.basename(inner), "INNER")) for point, how, _ in reached(outer)[0]}
                run("umount", str(tmp_path / "inside"))
                return found
            finally:
                detach(inner)

        outside, inside = tmp_path / "outside", tmp_path / "inside"
        assert with_mounts(work) == {
            (str(outside), f"under {outside}"),
            (str(inside), f"under {outside}, under INNER, under {inside}"),
        }
    finally:
        detach(outer)


def test_btrfs(four: list[str], tmp_path: Path) -> None:
    place = tmp_path / "pool"
    place.mkdir()

    def work() -> tuple[list[tuple[Kind, str]], list[set[tuple[str, str, Loss | None]]]]:
        run("mount", four[0], str(place))
        run("btrfs", "subvolume", "create", str(place / "data"))
        return kinds(of(place / "data")), [reached(four[3])[0], reached(four[1], four[2])[0]]

    down, (one, two) = with_mounts(work)
    names = [os.path.basename(device) for device in four]
    assert down[0] == (Kind.FILE_SYSTEM, str(place))
    assert {name for kind, name in down if kind is Kind.LOOP} == set(names)
    [(point, how, loss)] = one
    assert (point, how) == (str(place), f"under {place}")
    told = f"the btrfs file system on {place} (raid10)"
    assert loss == Loss(True, f"T{told[1:]} keeps all data, with less redundancy, without {names[3]}.")
    listed = " and ".join(sorted(names[1:3]))
    assert {loss for _, _, loss in two} == {
        Loss(False, f"This destroys data of {told}: it cannot do without {listed}.")
    }


def test_degraded_btrfs(four: list[str], tmp_path: Path) -> None:
    """`btrfs device stats --check` returns 0 for it: only devinfo/N/missing tells."""
    place = tmp_path / "pool"
    place.mkdir()
    run("btrfs", "device", "scan", "--forget")
    detach(four[1])

    def work() -> tuple[Layer, set[tuple[str, str, Loss | None]], tuple[ArrayState, ...]]:
        run("btrfs", "device", "scan", four[0], four[2], four[3])
        run("mount", "-o", "degraded", four[0], str(place))
        run("btrfs", "filesystem", "label", str(place), "pg data\033[2J")
        return of(place), reached(four[2])[0], with_arrays(not_known(0), survey.arrays(Deadline(20.0), "/")).arrays

    layer, found, for_prompts = with_mounts(work)
    assert ArrayState("pg-data-2J", "degraded", 3, 4) in for_prompts
    assert [each.name for each in layer.below if each.kind is Kind.MISSING] == ["device 2"]
    [(_, _, loss)] = found
    assert loss is not None
    assert not loss.survives
    assert "while device 2 is missing" in loss.sentence or "device 2 missing already" in loss.sentence


def test_verdicts_on_a_btrfs_of_several_devices(four: list[str], tmp_path: Path) -> None:
    """Whole lines, as an operator types them, on a stopped cluster."""
    place = tmp_path / "pool"
    place.mkdir()

    def work() -> list[Verdict]:
        run("mount", four[0], str(place))
        plant(place / "data")
        lines = (f"wipefs -a {four[3]}", f"wipefs -a {four[0]} {four[3]}", f"dd if=/dev/zero of={four[3]} bs=1M")
        return [verdict_on(line, Caller(True, "", 0)) for line in lines]

    one, two, written = with_mounts(work)
    way = f"(under {place})."
    assert one.summary.startswith("wipefs would overwrite a device under the data directory of ")
    assert one.summary.endswith(way)
    assert "redundancy" in {reason.code for reason in two.reasons}
    assert two.summary.startswith("wipefs would overwrite the data directory of ")
    assert written.decision is Decision.CHALLENGE


def test_backups_on_a_btrfs_of_several_devices(four: list[str], tmp_path: Path) -> None:
    place = tmp_path / "pool"
    place.mkdir()

    def work() -> list[Verdict]:
        run("mount", four[0], str(place))
        (place / "wal_005").mkdir()
        lines = (f"wipefs -a {four[3]}", f"wipefs -a {four[0]} {four[3]}")
        return [verdict_on(line, Caller(True, "", 0)) for line in lines]

    one, two = with_mounts(work)
    what = f"backups of wal-g: {place} (under {place})."
    assert one.summary == f"wipefs would overwrite a device under {what}"
    assert "redundancy" in {reason.code for reason in one.reasons}
    assert two.decision is Decision.CHALLENGE


def test_an_empty_file_system_of_our_own_passes(tmp_path: Path) -> None:
    """Blank, or mounted and without anything of Postgres: nothing is said."""
    loop = attach(tmp_path / "image")
    (tmp_path / "place").mkdir()
    try:

        def work() -> list[Verdict]:
            blank = verdict_on(f"mkfs.ext4 {loop}", Caller(True, "", 0))
            run("mkfs.ext4", "-q", loop)
            not_mounted = verdict_on(f"mkfs.ext4 {loop}", Caller(True, "", 0))
            run("mount", loop, str(tmp_path / "place"))
            return [blank, not_mounted, verdict_on(f"mkfs.ext4 -F {loop}", Caller(True, "", 0))]

        blank, not_mounted, mounted = with_mounts(work)
        assert [blank.decision, mounted.decision] == [Decision.ALLOW, Decision.ALLOW]
        if not may_carry_postgres(()):
            pytest.skip("nothing of Postgres is on this node")
        assert not_mounted.decision is Decision.CHALLENGE
        assert "ext4 file system that is not mounted" in not_mounted.summary
    finally:
        detach(loop)


_BARE_NODE = """
import subprocess, sys
from tests.decisions.judging import verdict_on
from guardsh.model.verdict import Caller
for place in ("/var/lib/postgresql", "/etc/postgresql"):
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=False, capture_output=True)
print(verdict_on(f"mkfs.ext4 {sys.argv[1]}", Caller(True, "", 0)).decision.name)
"""


def test_a_node_on_which_nothing_came_up(tmp_path: Path) -> None:
    """16:11 of the incident: no server, no data directory in sight; that it is one for Postgres, its programs tell."""
    if not may_carry_postgres(()):
        pytest.skip("nothing of Postgres is on this node")
    loop = attach(tmp_path / "image")
    own = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", sys.executable, "-c", _BARE_NODE, loop)
    try:
        blank = subprocess.run(own, capture_output=True, text=True, check=True)
        run("mkfs.ext4", "-q", loop)
        not_mounted = subprocess.run(own, capture_output=True, text=True, check=True)
        assert (blank.stdout, not_mounted.stdout) == ("ALLOW\n", "CHALLENGE\n")
    finally:
        detach(loop)


def test_what_tells_that_a_node_is_for_postgres(tmp_path: Path) -> None:
    assert not may_carry_postgres((), str(tmp_path))
    assert may_carry_postgres(("/srv/postgresql",), str(tmp_path))
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\npostgres:x:26:26::/:/bin/sh\n")
    assert may_carry_postgres((), str(tmp_path))
    (tmp_path / "etc/passwd").unlink()
    (tmp_path / "usr/lib/postgresql/15/bin").mkdir(parents=True)
    (tmp_path / "usr/lib/postgresql/15/bin/postgres").touch()
    assert may_carry_postgres((), str(tmp_path))
