"""The line hook in real fish: Enter asks before the buffer is run, and leaves it there where it may not."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shells.operating import HOST, QUESTION, READY, Operating, data_directory

pytestmark = pytest.mark.skipif(shutil.which("fish") is None, reason="no fish on this machine")
Start = Callable[..., Operating]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return data_directory(tmp_path)


@pytest.fixture
def start(data: Path, tmp_path: Path) -> Iterator[Start]:
    started: list[Operating] = []

    # Without the second net: what the hook lets through must not be caught by a function.
    def start(before: str = "", after: str = "", **more: Any) -> Operating:
        started.append(Operating("fish", tmp_path, before, after, **{"names": False, **more}))
        return started[-1]

    yield start
    for each in started:
        each.close()


def refuse(shell: Operating) -> str:
    """Answer wrongly; what was shown. The line stays where it is: there is no new prompt."""
    shell.type("no\r")
    shown = shell.wait_for("Nothing was run.")
    shell.wait_for(READY)  # drawn again; what is typed before that is discarded
    shell.clear()
    return shown


SHAPES = [
    "rm -rf data; touch ran",
    "touch ran; and rm -rf data",
    "nice rm -rf data 2>&1 | tee ran",
    "begin; touch ran; rm -rf data; end",
    "if true; rm -rf data; end; touch ran",
    "while true; touch ran; rm -rf data; end",
    "command rm -rf data; touch ran",
]


@pytest.mark.parametrize("line", SHAPES)
def test_nothing_of_the_line_runs(start: Start, data: Path, line: str) -> None:
    shell = start()
    shell.asked(line)
    refuse(shell)
    assert shell.works()
    assert data.exists()
    assert not (shell.work / "ran").exists()


def test_the_line_stays_in_the_editing_buffer(start: Start, data: Path) -> None:
    shell = start()
    shell.asked("rm -rf data")
    shell.type("no\r")
    shell.wait_for("Nothing was run.")
    shell.wait_for(READY)
    shell.type("/base\r")
    shell.wait_for(QUESTION)
    shell.answer(f"{HOST} incomplete")
    assert data.exists()
    assert not (data / "base").exists()


@pytest.mark.parametrize("bindings", ["fish_default_key_bindings", "fish_vi_key_bindings"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_key_bindings(start: Start, data: Path, bindings: str, when: str) -> None:
    shell = start(**{when: f"set -g fish_key_bindings {bindings}"})
    shell.asked("rm -rf data")
    refuse(shell)
    shell.type("rm -rf data")
    if "vi" in bindings:
        shell.type("\x1b")  # to normal mode
        time.sleep(1)  # Escape and Enter together are another key
    shell.asked("")
    refuse(shell)
    assert data.exists()


def test_control_j_is_enter(start: Start, data: Path) -> None:
    shell = start()
    shell.type("rm -rf data\n")
    shell.wait_for(QUESTION)
    refuse(shell)
    assert data.exists()


def test_after_a_line_vi_inserts(start: Start) -> None:
    shell = start("set -g fish_key_bindings fish_vi_key_bindings")
    shell.type("echo do''ne\x1b")
    time.sleep(1)
    shell.type("\r")
    shell.wait_for("done\r\n")
    time.sleep(1)
    assert shell.works()


def test_an_abbreviation_is_seen_through(start: Start, data: Path) -> None:
    shell = start("abbr -a -g wipe 'rm -rf data'")
    shell.asked("wipe")
    refuse(shell)
    assert data.exists()


@pytest.mark.parametrize("alias", ["alias wipe '/bin/rm -rf'", "alias wipe=/bin/rm"])
def test_an_alias_is_seen_through(start: Start, data: Path, alias: str) -> None:
    shell = start(alias)
    shell.asked("wipe -rf data")
    refuse(shell)
    assert data.exists()


def test_quotes_and_braces_are_read_as_fish_reads_them(start: Start, data: Path) -> None:
    shell = start("set -g place da")
    for line in (
        r"echo 'it\'s'; /bin/rm -rf data; echo 'x'",
        r"echo 'a\\'; /bin/rm -rf data",
        "/bin/rm -rf {$place}ta",
    ):
        shell.asked(line)
        refuse(shell)
    shell.asked("set -l c /bin/rm -rf data; $c")
    refuse(shell)
    assert data.exists()


def test_an_open_block_only_becomes_longer(start: Start, data: Path) -> None:
    shell = start()
    shell.type("begin; rm -rf data\r")
    time.sleep(1)
    assert "end" in shell.asked("end")
    refuse(shell)
    assert data.exists()
    assert shell.works()


def test_variables(start: Start, data: Path) -> None:
    shell = start("set -g place data")
    shell.asked("/bin/rm -rf $place")
    refuse(shell)
    assert data.exists()


@pytest.mark.parametrize(
    "line", ["$remove -rf data", "true; $remove -rf data", "nice $remove -rf data", "nice (echo $remove) data"]
)
def test_a_command_word_that_is_a_variable(start: Start, data: Path, line: str) -> None:
    shell = start("set -g remove /bin/r''m; set -g harmless echo")
    shell.asked(line)
    refuse(shell)
    assert data.exists()
    assert "data" in shell.line("$harmless data")


def test_own_function_stays(start: Start) -> None:
    shell = start("function pg_ctl; echo mi''ne; end", names=True)
    assert "mine" in shell.line("pg_ctl stop")


def test_what_is_handed_over(start: Start) -> None:
    """Without a running instance nothing else tells whether a function that will ask is known."""
    shell = start("set -g place data; function pg_ctl; end", "function wal-g; end", names=True)
    shown = shell.line("__guardsh_line_hand 'rm $place pg_ctl wal-g' | tr '\\0' ';'")
    assert "rm $place pg_ctl wal-g;v place=data;" in shown
    assert "f rm;" in shown
    assert "f pg_ctl;" not in shown
    assert "f wal-g;" not in shown


@pytest.mark.parametrize("prefilter", ["", "/nowhere"])
def test_a_function_asks_without_the_prefilter_too(start: Start, data: Path, prefilter: str) -> None:
    shell = start(after=f"set -g __guardsh_prefilter {{$__guardsh_prefilter}}{prefilter}", names=True)
    (shell.work / "script").write_text("rm -rf data; echo sta''tus $status\n")
    shell.asked(". ./script")
    assert "status 77" in shell.answer("no")
    assert data.exists()


@pytest.mark.parametrize(("prefilter", "status"), [("$__guardsh_prefilter", 125), ("''", 0)])
def test_a_function_without_guardsh(start: Start, data: Path, prefilter: str, status: int) -> None:
    shell = start(after=f"set -g __guardsh /nowhere; set -g __guardsh_prefilter {prefilter}", names=True)
    (shell.work / "script").write_text("rm -rf data; echo sta''tus $status\n")
    assert f"status {status}" in shell.line(". ./script")
    assert data.exists() == bool(status)


def test_what_the_hook_cannot_see_is_asked_about_when_it_starts(start: Start, data: Path) -> None:
    shell = start(names=True)
    (shell.work / "script").write_text("rm -rf data; echo sta''tus $status\n")
    shell.asked(". ./script")
    assert "status 77" in shell.answer("no")
    assert data.exists()


@pytest.mark.parametrize("typed", ["\x03", "\x04"])
def test_interrupted(start: Start, data: Path, typed: str) -> None:
    shell = start()
    shell.asked("rm -rf data")
    shell.type(typed)
    shell.wait_for("Nothing was run.")
    shell.wait_for(READY)
    shell.clear()
    assert shell.works()
    assert data.exists()


def test_guardsh_fails_or_is_gone(start: Start, data: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    shell = start(guardsh=str(broken), names=True)
    shell.type("/bin/rm -rf data\r")
    shell.wait_for("type the host name: ")
    shell.type("no\r")
    shell.wait_for(READY)
    shell.clear()
    assert data.exists()
    broken.unlink()
    assert "has not been judged" in shell.line("rm -f nothing")
    assert shell.works()
