"""The alias and link recipes in real interactive shells: what is typed reaches guardsh, which finds the program."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from guardsh.commands import SHIMMED
from tests.examples.conftest import EXAMPLES, FRONT_DOOR

RECIPES = {"bash": "aliases.sh", "zsh": "aliases.sh", "fish": "aliases.fish"}
# Interactive, as aliases are only expanded there, and without the tester's own files.
SHELLS = {"bash": ["bash", "--norc", "-i"], "zsh": ["zsh", "-f", "-i"], "fish": ["fish", "--no-config", "-i"]}
Type = Callable[[str], list[str]]

# A stand-in for guardsh, so that what reaches it can be seen; a stand-in for sudo, which runs its words.
_TELL = '#!/bin/sh\necho "guardsh $*"\n'
_SUDO = '#!/bin/sh\nexec "$@"\n'


@pytest.fixture(params=sorted(SHELLS))
def shell(request: pytest.FixtureRequest) -> str:
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param} on this machine")
    return str(request.param)


@pytest.fixture
def type_in(shell: str, tmp_path: Path) -> Type:
    """Type lines into a fresh shell that has read the recipe; what it printed. A name that the recipe forgot (reboot)
    would be found nowhere: PATH leads to nothing else."""
    for name, text in {"guardsh": _TELL, "sudo": _SUDO}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "echo").symlink_to("/bin/echo")
    recipe = EXAMPLES / RECIPES[shell]

    def type_in(lines: str) -> list[str]:
        script = tmp_path / "typed"
        script.write_text(f"source {recipe}\n{lines}\n")
        # Sourced, line by line: a shell expands aliases in a file as it reads it.
        return _run(
            [*SHELLS[shell], "-c", f"source {script}"],
            {"PATH": str(tmp_path), "HOME": str(tmp_path)},
        )

    return type_in


def _run(command: list[str], environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [shutil.which(command[0]) or command[0], *command[1:]],
        env={"TERM": "dumb", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # an interactive shell without a terminal says that it has none
        start_new_session=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_every_guarded_name_reaches_guardsh(type_in: Type) -> None:
    names = sorted(SHIMMED)
    assert type_in("\n".join(f"{name} -x 'a b'" for name in names)) == [
        f"guardsh run -- {name} -x a b" for name in names
    ]


def test_behind_sudo_too(type_in: Type) -> None:
    assert type_in("sudo rm -rf x") == ["guardsh run -- rm -rf x"]


def test_other_commands_are_left_alone(type_in: Type) -> None:
    assert type_in("sudo echo rm; echo rm") == ["rm", "rm"]


def test_a_link_guards_a_name_everywhere(shell: str, tmp_path: Path) -> None:
    links, tools, opt = (tmp_path / name for name in ("links", "tools", "opt"))
    for directory in (links, tools, opt):
        directory.mkdir()
    (links / "rm").symlink_to(FRONT_DOOR)
    (opt / "wal-g").symlink_to(FRONT_DOOR)
    (tools / "wal-g").write_text('#!/bin/sh\necho "wal-g $*"\n')
    (tools / "wal-g").chmod(0o755)
    (tmp_path / "file").touch()
    line = f"cd {tmp_path}; command -v rm; echo file | xargs rm; ls {tmp_path}; {opt}/wal-g backup-list"
    environment = {"PATH": f"{links}:{tools}:{os.environ['PATH']}", "HOME": str(links)}
    said = _run([*SHELLS[shell], "-c", line], environment)
    assert said == [f"{links}/rm", "links", "opt", "tools", "wal-g backup-list"]
