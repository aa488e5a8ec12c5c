"""The line hook in real zsh: whole lines end before anything of them runs, and come back to the editing buffer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from guardsh.cli.init import script
from tests.shells.operating import HOST, QUESTION, Operating, data_directory

pytestmark = pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh on this machine")
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
        started.append(Operating("zsh", tmp_path, before, after, **{"names": False, **more}))
        return started[-1]

    yield start
    for each in started:
        each.close()


SHAPES = [
    "rm -rf data; echo r''an",
    "echo r''an >&2 && rm -rf data",
    "nice rm -rf data 2>&1 | tee log; echo r''an",
    "( rm -rf data; echo r''an )",
    "{ rm -rf data; echo r''an; } &",
    "while true; do echo r''an; rm -rf data; done",
    "noglob rm -rf data; echo r''an",
    r"\rm -rf data; echo r''an",
    "X=data; /bin/rm -rf $X; echo r''an",
]


@pytest.mark.parametrize("line", SHAPES)
def test_nothing_of_the_line_runs(start: Start, data: Path, line: str) -> None:
    shell = start()
    shell.asked(line)
    assert "ran" not in shell.answer("no").splitlines()
    shell.clear()
    assert shell.works()
    assert data.exists()
    assert not (shell.work / "log").exists()


SETTINGS = {
    "nounset": "setopt no_unset",
    "errexit": "setopt err_exit",
    "vi": "bindkey -v; bindkey '^U' kill-whole-line",
    "ksh arrays": "setopt ksh_arrays sh_word_split",
    "ignorespace": "setopt hist_ignore_space",
    "interrupt trap": "trap 'echo trapped' INT",
    "interrupt function": "TRAPINT() { return 0 }",
    "interrupt ignored": "trap '' INT",
    "other hooks": ("preexec() { : } ; preexec_functions=(true)", "preexec_functions+=(false)"),
    "debug trap": "TRAPDEBUG() { : }",
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_whatever_else_is_set(start: Start, data: Path, setting: str | tuple[str, str]) -> None:
    shell = start(*((setting,) if isinstance(setting, str) else setting))
    for _ in range(2):
        shell.asked(" rm -rf data; echo r''an")
        assert "ran" not in shell.answer("no").splitlines()
        shell.clear()
        assert shell.works()
        assert data.exists()
    shell.asked("rm -rf data; echo r''an")
    assert "ran" in shell.answer(f"{HOST} incomplete").splitlines()
    assert not data.exists()


def test_the_line_comes_back_to_the_editing_buffer(start: Start, data: Path) -> None:
    shell = start()
    shell.asked("rm -rf data")
    shell.answer("no")
    shell.type("/base\r")
    shell.wait_for(QUESTION)
    shell.answer(f"{HOST} incomplete")
    assert data.exists()
    assert not (data / "base").exists()


def test_several_lines_are_one(start: Start, data: Path) -> None:
    shell = start()
    shell.type("for x in 1; do\r")
    shell.type("echo r''an\r")
    shell.asked("rm -rf data; done")
    assert "ran" not in shell.answer("no").splitlines()
    assert data.exists()


def test_aliases_and_history_are_expanded_first(start: Start, data: Path) -> None:
    shell = start("alias wipe='rm -rf'; alias -g D=data")
    shell.asked("wipe D")
    shell.answer("no")
    shell.clear()
    assert data.exists()


def test_own_alias_and_function_stay(start: Start) -> None:
    shell = start("alias rm='rm -i'; pg_ctl() { echo mi''ne }", names=True)
    (shell.work / "file").touch()
    shell.type("rm file\r")
    shell.wait_for("remove regular empty file")
    shell.line("n")
    assert (shell.work / "file").exists()
    assert "mine" in shell.line("pg_ctl stop").splitlines()


@pytest.mark.parametrize(
    "line", ["$remove -rf data", "true; $remove -rf data", "nice $remove -rf data", "`echo $remove` data"]
)
def test_a_command_word_that_is_a_variable(start: Start, data: Path, line: str) -> None:
    shell = start("remove=/bin/r''m harmless=echo")
    shell.asked(line)
    shell.answer("no")
    shell.clear()
    assert data.exists()
    assert "data" in shell.line("$harmless data").splitlines()


def test_variables(start: Start, data: Path) -> None:
    shell = start("place=data")
    shell.asked("/bin/r''m -rf x; /bin/rm -rf $place")
    shell.answer("no")
    shell.clear()
    assert data.exists()


def test_what_is_handed_over(start: Start) -> None:
    """Without a running instance nothing else tells whether a function that will ask is known."""
    shell = start("place=data; pg_ctl() { :; }", "wal-g() { :; }", names=True)
    handed = shell.line("__guardsh_line_hand 'rm $place pg_ctl wal-g' | tr '\\0' ';'").splitlines()[-1].split(";")
    assert {"rm $place pg_ctl wal-g", "v place=data", "f rm"} <= set(handed)
    assert not {"f pg_ctl", "f wal-g"} & set(handed)


@pytest.mark.parametrize("prefilter", ["", "/nowhere"])
def test_a_function_asks_without_the_prefilter_too(start: Start, data: Path, prefilter: str) -> None:
    shell = start(after=f"__guardsh_prefilter=${{__guardsh_prefilter}}{prefilter}", names=True)
    (shell.work / "script").write_text("rm -rf data; echo sta''tus $?\n")
    shell.asked(". ./script")
    assert "status 77" in shell.answer("no").splitlines()
    assert data.exists()


@pytest.mark.parametrize(
    ("gone", "status"), [("__guardsh=/nowhere", 125), ("__guardsh=/nowhere __guardsh_prefilter=", 0)]
)
def test_a_function_without_guardsh(start: Start, data: Path, gone: str, status: int) -> None:
    shell = start(after=gone, names=True)
    (shell.work / "script").write_text("rm -rf data; echo sta''tus $?\n")
    assert f"status {status}" in shell.line(". ./script").splitlines()
    assert data.exists() == bool(status)


def test_what_the_hook_cannot_see_is_asked_about_when_it_starts(start: Start, data: Path) -> None:
    shell = start(names=True)
    (shell.work / "script").write_text("rm -rf data; echo sta''tus $?\n")
    shell.asked(". ./script")
    assert "status 77" in shell.answer("no").splitlines()
    assert data.exists()


@pytest.mark.parametrize("typed", ["\x03", "\x04", "\x1c"])
def test_interrupted(start: Start, data: Path, typed: str) -> None:
    shell = start()
    shell.asked("rm -rf data")
    shell.type(typed)
    shell.ready()
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
    shell.answer("no")
    shell.clear()
    assert data.exists()
    broken.unlink()
    assert "has not been judged" in shell.line("rm -f nothing")
    assert shell.works()


def test_it_is_silent_and_can_be_read_twice(start: Start, tmp_path: Path) -> None:
    (tmp_path / "again").write_text(script("zsh", "/nowhere/guardsh"))
    shell = start("setopt no_unset err_exit pipe_fail warn_create_global", names=True)
    assert [line for line in shell.line("source ../again").splitlines() if "source" not in line] == []
    assert shell.line("print ${#${(M)preexec_functions:#__guardsh_line*}}").splitlines()[-1] == "1"


def test_it_comes_before_other_hooks(start: Start) -> None:
    shell = start("other() { : }; preexec_functions=(other)")
    listed = shell.line("print -l $preexec_functions").splitlines()
    assert listed.index("__guardsh_line_preexec") < listed.index("other")
