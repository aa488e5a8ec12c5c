"""Values that a shell changes by itself: the hook leaves them as they were, and knows them where a line names them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.shells.operating import Operating, data_directory

Start = Callable[[str], Operating]
needs_zsh = pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh on this machine")
BOTH = pytest.mark.parametrize("name", ["bash", pytest.param("zsh", marks=needs_zsh)])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return data_directory(tmp_path)


@pytest.fixture
def start(data: Path, tmp_path: Path) -> Iterator[Start]:
    started: list[Operating] = []

    def start(name: str) -> Operating:
        started.append(Operating(name, tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.close()


@BOTH
@pytest.mark.parametrize("guarded", ["", "; : rm", "; : `:`"])
def test_what_the_last_command_left_is_still_there(start: Start, name: str, guarded: str) -> None:
    shell = start(name)
    shell.line("mkdir -p fresh")
    shell.line(f"cd $_ && pwd >../there{guarded}")
    assert "fresh" in (shell.work / "there").read_text()
    shell.line("true | (exit 3) | false")
    statuses = "${PIPESTATUS[*]-}${pipestatus[*]-}"
    assert "1 0 3 1" in shell.line(f'echo "$? {statuses}"{guarded}')


@BOTH
@pytest.mark.parametrize("line", ["cd data && /bin/rm -rf $PWD/base", "cd /; /bin/rm -rf $OLDPWD/data"])
def test_where_the_line_is_by_then(start: Start, data: Path, name: str, line: str) -> None:
    shell = start(name)
    shell.asked(line)
    shell.answer("no")
    assert (data / "base").exists()


@needs_zsh
@pytest.mark.parametrize("line", ["$=x", "${=x}", "eval $x"])
def test_a_variable_that_is_a_whole_command(start: Start, data: Path, line: str) -> None:
    shell = start("zsh")
    shell.line("x='/bin/rm -rf data'")
    shell.asked(line)
    shell.answer("no")
    assert data.exists()
