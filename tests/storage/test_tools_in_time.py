"""How long the tools of LVM, ZFS and their like are waited for: a part of what the policy's deadline leaves."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from guardsh.model.observed import Known, Unknown
from guardsh.observe import volumes
from guardsh.system.apart import Deadline


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str]:
    """A tool that takes a second, in place of those that this machine may have."""
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\nsleep 1\necho said\n")
    tool.chmod(0o755)
    monkeypatch.setattr(volumes, "_DIRECTORIES", (str(tmp_path), "/usr/bin", "/bin"))
    return ("tool",)


def test_a_tool_that_is_slow_is_heard_where_the_policy_has_the_time(slow: tuple[str]) -> None:
    assert volumes.ask(slow, Deadline(10.0)) == Known("said\n", "tool")


def test_a_tool_that_hangs_leaves_time_to_the_others(slow: tuple[str]) -> None:
    deadline = Deadline(1.0)
    began = time.monotonic()
    assert isinstance(volumes.ask(slow, deadline), Unknown)
    assert time.monotonic() - began < 0.9
    assert deadline.left() > 0
