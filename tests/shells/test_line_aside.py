"""A whole line was asked about: what reaches guardsh again is moved aside, what does not is said to be deleted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shells.operating import HOST, Operating, data_directory

MOVED = "What is confirmed here is moved aside, not deleted (back with guardsh undo)."
DELETED = "What is confirmed here is deleted for good."


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Operating]:
    started = Operating(request.param, tmp_path)
    yield started
    started.close()


def test_a_line_with_the_name(shell: Operating) -> None:
    data = data_directory(shell.place)
    assert MOVED in shell.asked("rm -rf data && echo r''an")
    shown = shell.answer(f"{HOST} incomplete")
    assert "moved aside, no space was freed" in shown
    assert "ran" in shown.splitlines()
    assert not data.exists()
    shown = shell.line("guardsh undo")
    assert "is back" in shown
    assert (data / "base/5/16384").exists()


def test_a_line_with_the_path(shell: Operating) -> None:
    data = data_directory(shell.place)
    assert DELETED in shell.asked("/bin/rm -rf data")
    shell.answer(f"{HOST} incomplete")
    assert not data.exists()
    assert not any(name.startswith(".guardsh-moved") for name in os.listdir(shell.work))
