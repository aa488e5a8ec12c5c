"""Redirections in real shells: asked about where an instance is, and not even guardsh is started for a plain file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guardsh.commands import COMMANDS, REDIRECTIONS
from tests.shells.operating import READY, Operating, data_directory

SHELLS = [
    pytest.param(name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"no {name} on this machine"))
    for name in ("bash", "zsh", "fish")
]
Start = Callable[..., Operating]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory of a name that says nothing: a path with postgres in it is asked about."""
    (tmp_path / "here" / "work").mkdir(parents=True)
    return tmp_path / "here"


@pytest.fixture
def data(place: Path) -> Path:
    return data_directory(place)


@pytest.fixture
def start(data: Path, place: Path) -> Iterator[Start]:
    started: list[Operating] = []

    def start(shell: str, before: str = "", **more: str) -> Operating:
        started.append(Operating(shell, place, before, names=False, **more))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def told(start: Start, place: Path) -> Callable[..., Callable[[str], bool]]:
    """A shell with a stand-in for guardsh, and whether it was started for a line."""
    program, mark = place / "stand-in", place / "was-started"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\n: >{mark}\n")
    program.chmod(0o755)

    def begin(name: str, before: str = "") -> Callable[[str], bool]:
        shell = start(name, before, guardsh=str(program))

        def told(line: str) -> bool:
            mark.unlink(missing_ok=True)
            shell.line(line)
            return mark.exists()

        return told

    return begin


PLAIN = [
    "echo x > note", "echo x >> sub/note", "ls 2>/dev/null", "ls >/dev/null 2>&1", "echo 'a > b'", "echo x >&2",
    "echo 'a > b' > note", "echo a >note; echo b >>./note", 'echo "$HOME > b"', 'echo "$HOME" > note',
    "echo x >/dev/stderr",
]  # fmt: skip
OF_SH = [
    "a=$((1>0))", "[[ 3 > 2 ]]", 'echo "a > b"', "echo x > >(cat)", "ls <(ls) > note", "(( 3 >= 2 ))", "exec 7>&-",
    "grep 'a\\b' note 2>&1", "echo x >| note", "ls &>note", "ls &>>note", 'ls "$(ls)" 2>/dev/null', "echo x 1<>note",
]  # fmt: skip


@pytest.mark.parametrize("name", SHELLS)
def test_a_plain_file_starts_nothing(told: Callable[..., Callable[[str], bool]], place: Path, name: str) -> None:
    (place / "work" / "sub").mkdir()
    (place / "work" / "note").touch()
    asks = told(name)
    lines = [*PLAIN, *(OF_SH if name != "fish" else ())]
    assert [line for line in lines if asks(line)] == []


NOT_PLAIN = [
    *(
        "(cd sub; echo x > note)",
        'echo x > "note"',
        "echo x > $HOME/note",
        "echo x > ~/note",
        "echo x > {no,te}",
        "echo x > ../note",
    ),
    *("echo x > link/note", "echo x > lost", ": > postgresql.conf", ": > 00A7", ": > PG_x"),
    *(": >/dev/loop-control", "bash -c 'echo x > note'", "echo x > /srv/pgsql/x"),
]
NOT_PLAIN_OF_SH = [
    *("echo x > data/z # it's", "echo $'a\\' > ' > data/z ' '", 'echo "`echo > x`"', "cat <<'E' >n\nE"),
    *("echo x >& data/z", "echo x > no*", 'echo "\\" > "data/z', "(cdd; echo x > note)", "(cdx; echo x > note)"),
]


@pytest.mark.parametrize("name", SHELLS)
def test_what_is_not_certain_starts_it(told: Callable[..., Callable[[str], bool]], place: Path, name: str) -> None:
    (place / "work" / "sub").mkdir()
    (place / "work" / "link").symlink_to("sub")
    (place / "work" / "lost").symlink_to("elsewhere")
    asks = told(
        name,
        ""
        if name == "fish"
        else "alias cdx='cd sub'; alias cdd=cdx" + "; setopt interactive_comments" * (name == "zsh"),
    )
    lines = [*NOT_PLAIN[1:], "cd sub; echo x > note"] if name == "fish" else [*NOT_PLAIN, *NOT_PLAIN_OF_SH]
    if name == "zsh":  # =mine is the file that would be run: one of our own, since the line does run
        (place / "bin" / "mine").touch(mode=0o755)
        lines = [*(line for line in lines if line != 'echo "\\" > "data/z'), "echo x > =mine", "echo x >! data/z"]
    assert [line for line in lines if not asks(line)] == []


@pytest.mark.parametrize("name", SHELLS)
def test_a_file_of_an_instance_is_asked_about(start: Start, data: Path, name: str) -> None:
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    shell = start(name)
    lines = [f"echo x > {data}/base/5/16384", "echo x >> data/base/5/16384"]
    for line in (*lines, "cd data; echo x > PG_VERSION"):
        refused(shell, line)
    shell.line("cd data/base")
    refused(shell, "echo x > 5/16384")
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before


def refused(shell: Operating, line: str) -> None:
    shell.asked(line)
    shell.type("no\r")
    shell.wait_for("Nothing was run.")
    if shell.shell == "fish":
        shell.wait_for(READY)  # drawn again
    else:
        shell.ready()
    if shell.shell != "bash":
        shell.clear()


@pytest.mark.parametrize("name", SHELLS)
def test_the_configuration_of_an_incomplete_copy_is_worth_a_line(start: Start, data: Path, name: str) -> None:
    shell = start(name)
    shell.line("cd data")
    assert "would overwrite configuration of an incomplete copy" in shell.line("echo > postgresql.conf")


@pytest.mark.parametrize("name", SHELLS)
def test_every_guarded_name_is_looked_for(told: Callable[..., Callable[[str], bool]], name: str) -> None:
    asks = told(name)
    odd = ["7z", "mkfs.ext4", "invoke-rc.d", "init", "install", "find", "git", "perl", "systemctl", "killall5"]
    assert not {*odd} - (COMMANDS.keys() - REDIRECTIONS)
    assert [each for each in odd if not asks(f"echo {each}")] == []
    assert [each for each in ("7zz", "mkfs.ext", "rc.d", "initdb2", "x-git", "perl5") if asks(f"echo {each}")] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a device")
@pytest.mark.parametrize("name", SHELLS)
def test_a_device_outside_of_dev(told: Callable[..., Callable[[str], bool]], place: Path, name: str) -> None:
    try:
        os.mknod(place / "work" / "disk", 0o60600, os.makedev(7, 250))
    except PermissionError:
        pytest.skip("no device may be made here")
    assert told(name)(": > disk")
