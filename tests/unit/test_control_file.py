"""pg_control of real clusters, compared with what their own pg_controldata prints."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardsh.model.data_directory import ControlFile, ControlState
from guardsh.observe import control_file
from tests.unit.clusters import Binaries


def test_agrees_with_pg_controldata(made: Path, postgres: Binaries) -> None:
    shown = postgres.run("pg_controldata", "-D", str(made))

    read = control_file.parse((made / "global/pg_control").read_bytes())

    assert read.system_identifier == int(_value("Database system identifier", shown))
    assert read.version == int(_value("pg_control version number", shown))
    assert read.state.title == _value("Database cluster state", shown)
    assert read.timeline == int(_value("Latest checkpoint's TimeLineID", shown))
    assert abs(read.written - (made / "global/pg_control").stat().st_mtime) < 5


def test_before_11_the_timeline_stood_after_another_pointer() -> None:
    data = bytearray(8192)  # PostgreSQL 9.4 had another checksum, so none is looked at
    data[0:8] = (7).to_bytes(8, "little")
    data[8:12] = (942).to_bytes(4, "little")
    data[16:20] = (6).to_bytes(4, "little")
    data[24:32] = (1_500_000_000).to_bytes(8, "little")
    data[48:52], data[56:60] = (99).to_bytes(4, "little"), (3).to_bytes(4, "little")

    assert control_file.parse(bytes(data)) == ControlFile(7, 942, ControlState.IN_PRODUCTION, 1_500_000_000, 3)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda data: b"", "0 bytes"),
        (lambda data: data[:100], "100 bytes"),
        (lambda data: bytes(8192), "impossible version 0"),
        (lambda data: data[::-1], "impossible version"),
        (lambda data: data[:16] + b"\x01" + data[17:40] + b"\xff" + data[41:], "checksum"),
    ],
    ids=["empty", "short", "zeros", "reversed", "torn"],
)
def test_says_what_is_wrong(made: Path, damage: object, sentence: str) -> None:
    data = (made / "global/pg_control").read_bytes()

    with pytest.raises(ValueError, match=sentence):
        control_file.parse(damage(data))  # type: ignore[operator] # a lambda of the table above


@given(st.binary(max_size=600))
def test_no_bytes_make_it_fail_otherwise(data: bytes) -> None:
    with suppress(ValueError):
        control_file.parse(data)


@pytest.mark.parametrize("at", [0, 16, 20, 24, 40, 48, 52, 100, 199, 200, 260])
def test_no_changed_byte_goes_unnoticed(made: Path, at: int) -> None:
    data = bytearray((made / "global/pg_control").read_bytes())
    data[at] ^= 0x40

    with pytest.raises(ValueError, match="checksum"):
        control_file.parse(bytes(data))


def _value(label: str, shown: str) -> str:
    found = re.search(rf"^{re.escape(label)}:\s*(.*)$", shown, re.MULTILINE)
    assert found is not None, shown
    return found.group(1)
