"""What is said of a real ext4: space, inodes, and an error that the kernel met."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guardsh.observe.space import notes
from guardsh.system.mount_table import mount_of, mounts
from tests.storage.loops import attach, detach, run, with_mounts


@pytest.fixture
def device(tmp_path: Path) -> Iterator[str]:
    made = attach(tmp_path / "image")
    yield made
    detach(made)


def said(device: str, place: Path, *options: str, then: Callable[[], None] = lambda: None) -> list[str]:
    place.mkdir()

    def work() -> list[str]:
        run("mount", *options, device, str(place))
        then()
        mount = mount_of(str(place), mounts())
        assert mount is not None
        return list(notes(mount, os.path.basename(device)))

    return with_mounts(work)


def test_space(device: str, tmp_path: Path) -> None:
    run("mkfs.ext4", "-q", device)
    [free] = said(device, tmp_path / "place")
    assert re.fullmatch(r"[0-9.]+ MB free of [0-9.]+ MB", free)


def test_few_inodes(device: str, tmp_path: Path) -> None:
    run("mkfs.ext4", "-q", "-N", "16", device)
    place = tmp_path / "place"

    def fill() -> None:
        for number in range(16):
            try:
                (place / str(number)).touch()
            except OSError:
                return

    assert said(device, place, then=fill)[1] == "0 of 16 inodes free"


def test_an_error_that_made_it_read_only(device: str, tmp_path: Path) -> None:
    run("mkfs.ext4", "-q", device)
    trigger = Path("/sys/fs/ext4", os.path.basename(device), "trigger_fs_error")

    def fail() -> None:
        if not trigger.exists():
            pytest.skip("this kernel has no trigger_fs_error")
        trigger.write_text("a test")

    told = said(device, tmp_path / "place", "-o", "errors=remount-ro", then=fail)
    # Before Linux 6.13 the mount itself turns to ro, and status says so.
    assert told[1:] in (["read-only after an error", "errors on record: 1"], ["errors on record: 1"])
