"""`guardsh progress` as text, compared whole, and as it goes at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pexpect
import pytest

from guardsh.cli import progress as cli
from guardsh.model.observed import Known, Unknown
from guardsh.model.storage import Array, Arrays
from guardsh.observe.storage import arrays
from guardsh.screen import escape
from guardsh.screen.progress import bars
from tests.examples.conftest import FRONT_DOOR
from tests.storage.trees import unpack

EXPECTED = {
    "recovering": ["md0 recovery  [==========>.............................]   25.8 %  4.19 MB/s  11 s left"],
    "reshaping": ["md0 reshape  [=====>..................................]   12.9 %  3.35 MB/s  33 s left"],
    "delayed": [
        "md1 resync  delayed",
        "md0 resync  [===>....................................]    9.1 %  4.19 MB/s  10 s left",
    ],
    "reshape-crashed-reassembled": ["md0 reshape  interrupted"],
    "frozen-degraded": ["md0 recovery  frozen"],
    "degraded": [],
}


def seen(state: str, tmp_path: Path) -> tuple[Array, ...]:
    found = arrays(unpack(state, tmp_path / state))
    assert isinstance(found, Known)
    return found.value


@pytest.mark.parametrize("state", EXPECTED)
def test_bars(state: str, tmp_path: Path) -> None:
    assert bars(seen(state, tmp_path), (), 100) == EXPECTED[state]


def test_a_narrow_terminal_has_figures_only(tmp_path: Path) -> None:
    assert bars(seen("recovering", tmp_path), (), 44) == ["md0 recovery   25.8 %  4.19 MB/s  11 s left"]


def test_a_name_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    (array,) = seen("recovering", tmp_path)
    assert "\x1b" not in bars((replace(array, name="md\x1b[2J"),), (), 100)[0]


def looking_at(*states: Arrays) -> Callable[[], cli.Sight]:
    coming = map(cli.Sight, states)
    return lambda: next(coming)


def test_it_ends_when_nothing_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    states = [Known(seen(state, tmp_path), "") for state in ("delayed", "recovering", "degraded")]
    status = cli.follow(looking_at(*states), cli.shown, 0.0, live=True)
    assert status == 0
    said = capsys.readouterr().out
    assert said.split(escape.up(2))[1].split(escape.up(1))[1] == "nothing is resyncing, recovering or reshaping\n"


def test_what_waits_does_not_move(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    interrupted = Known(seen("reshape-crashed-reassembled", tmp_path), "")
    assert cli.follow(looking_at(interrupted), cli.shown, 0.0, live=False) == 0
    assert capsys.readouterr().out == "md0 reshape  interrupted\n"


def test_what_cannot_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.follow(looking_at(Unknown("no answer in 2.0 s")), cli.shown, 0.0, live=False)
    assert status == cli.NOT_KNOWN
    assert capsys.readouterr().out == "what the arrays do is not known: no answer in 2.0 s\n"


def test_on_this_machine_at_a_terminal() -> None:
    door = pexpect.spawn(str(FRONT_DOOR), ["progress"], timeout=20, encoding="utf-8")
    door.expect_exact(["nothing is resyncing", "%"])
    door.close()
