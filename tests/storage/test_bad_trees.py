"""Trees that are partly unreadable, missing or garbage: doubts or unknown, never an exception and never reassurance."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardsh.model.observed import Known, Unknown
from guardsh.model.storage import Arrays, Health, summary
from guardsh.observe.storage import arrays
from guardsh.system.apart import Account, Deadline, apart
from tests.storage.trees import STATES, unpack

NOBODY = 65534
MD = "sys/devices/virtual/block/md0/md"


def seen_by_nobody(root: str) -> Arrays:
    if os.geteuid() == 0:
        seen = apart(lambda: arrays(root), Deadline(10), Account(NOBODY, NOBODY))
        return seen.value if isinstance(seen, Known) else seen
    return arrays(root)


@pytest.fixture
def readable_root() -> Iterator[Path]:
    """A directory that another account may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        root.chmod(0o755)
        yield root


def test_no_md_driver(tmp_path: Path) -> None:
    (tmp_path / "sys/block/sda").mkdir(parents=True)
    seen = arrays(str(tmp_path))
    assert seen == Known((), "no /proc/mdstat and no md device in /sys/block: this kernel runs no md array")


def test_mdstat_hidden_while_sys_has_an_array(tmp_path: Path) -> None:
    root = unpack("clean", tmp_path)
    (tmp_path / "proc/mdstat").unlink()
    assert arrays(root) == Unknown("could not read /proc/mdstat: no such file, although /sys/block has md0")


def test_neither_proc_nor_sys(tmp_path: Path) -> None:
    seen = arrays(str(tmp_path))
    assert seen == Unknown("could not read /proc/mdstat: no such file; nor /sys/block: no such file or directory")


def test_mdstat_without_permission(readable_root: Path) -> None:
    root = unpack("clean", readable_root)
    (readable_root / "proc/mdstat").chmod(0)
    assert seen_by_nobody(root) == Unknown("could not read /proc/mdstat: permission denied")


def test_one_attribute_without_permission(readable_root: Path) -> None:
    root = unpack("degraded", readable_root)
    (readable_root / MD / "reshape_position").chmod(0)
    seen = seen_by_nobody(root)
    assert isinstance(seen, Known)
    assert seen.value[0].health is Health.DEGRADED
    assert seen.value[0].doubts == ("could not read /sys/block/md0/md/reshape_position: permission denied",)


def test_mdstat_alone(tmp_path: Path) -> None:
    root = unpack("broken", tmp_path)
    shutil.rmtree(tmp_path / "sys")
    seen = arrays(root)
    assert isinstance(seen, Known)
    assert summary(seen.value[0]) == "md0 raid10 2 of 4 in sync, failed"
    assert seen.value[0].doubts == ("could not read /sys/block/md0/md: known from /proc/mdstat alone",)


def test_reshape_betrayed_by_raid_disks_alone(tmp_path: Path) -> None:
    root = unpack("reshape-crashed-reassembled", tmp_path)
    (tmp_path / MD / "reshape_position").unlink()
    seen = arrays(root)
    assert isinstance(seen, Known)
    assert seen.value[0].health is Health.RESHAPING


GARBAGE = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\n", b"-1\n", b"9" * 5000, b"99999999999 (88888888888)\n", "٣ (٤)\n".encode(), b"0\n"]),
)


@settings(max_examples=60, deadline=None)
@given(state=st.sampled_from(sorted(path.name[:-7] for path in STATES.glob("*.tar.gz"))), data=st.data())
def test_no_garbage_in_any_file_raises(state: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = unpack(state, Path(directory))
        files = sorted(str(path) for path in Path(directory).rglob("*") if path.is_file())
        for name in data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=4, unique=True)):
            Path(name).write_bytes(data.draw(GARBAGE))
        seen = arrays(root)
        assert isinstance(seen, Known | Unknown)
        assert isinstance(seen, Unknown) or all(summary(array) for array in seen.value)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_garbage_below_sys_makes_a_degraded_array_clean(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = unpack("degraded", Path(directory))
        files = sorted(str(path) for path in Path(directory, MD).rglob("*") if path.is_file())
        for name in data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=4, unique=True)):
            Path(name).write_bytes(data.draw(GARBAGE))
        seen = arrays(root)
        assert isinstance(seen, Known)
        assert seen.value[0].health in (Health.DEGRADED, Health.RECOVERING, Health.FAILED)


@settings(max_examples=60, deadline=None)
@given(state=st.sampled_from(["clean", "delayed", "reshaping", "broken", "inactive"]), data=st.data())
def test_no_flipped_byte_of_mdstat_raises(state: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = unpack(state, Path(directory))
        path = Path(directory, "proc/mdstat")
        text = bytearray(path.read_bytes())
        for position in data.draw(st.lists(st.integers(0, len(text) - 1), min_size=1, max_size=5)):
            text[position] = data.draw(st.integers(0, 255))
        path.write_bytes(text)
        seen = arrays(root)
        assert isinstance(seen, Unknown) or all(summary(array) for array in seen.value)
