"""The completion scripts in the real shells, as their Tab key would ask them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.quiet_fish import QUIET_FISH

BIN = Path(sys.executable).parent

# How each shell is asked what it would offer after a line: bash's own function with its variables set, fish's
# `complete -C`; zsh offers only on a terminal, so that its completion system is replaced by one that prints.
_BASH = """\
source completion
COMP_WORDS=({line}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_guardsh_completion guardsh
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
_ZSH = """\
compdef() {{ }}
_describe() {{ local -a offered=("${{(@P)3}}"); print -l -- "${{offered[@]%%:*}}" }}
compadd() {{ [[ $1 == -U ]] && {{ local name=${{@[-1]}}; print -l -- "${{(@P)name}}" }} }}
source completion
words=({line}); CURRENT=${{#words}}
_guardsh_completion
"""
_FISH = """\
source completion
complete -C '{text}'
"""


_INTERACTIVE = {
    "bash": (["--norc", "--noprofile", "-i"], "source completion"),
    "zsh": (["-f", "-i"], "autoload -Uz compinit && compinit -u -d dump && source completion"),
    "fish": (["--no-config", "-i"], "source completion"),
}


def write_script(shell: str, directory: Path) -> None:
    script = subprocess.run([BIN / "guardsh", "completion", shell], capture_output=True, text=True, check=True).stdout
    (directory / "completion").write_text(script)


def environment(directory: Path) -> dict[str, str]:
    return {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(directory), **QUIET_FISH, "TERM": "dumb"}


def offered(shell: str, text: str, directory: Path) -> set[str]:
    write_script(shell, directory)
    words = text.split() + ([""] if text.endswith(" ") else [])
    template = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}[shell]
    asked = template.format(line=" ".join(f'"{word}"' for word in words), text=text)
    (directory / "ask").write_text(asked)
    done = subprocess.run(
        [shell, *{"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell], "ask"],
        cwd=directory,
        env=environment(directory),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return {line.split("\t")[0].strip() for line in done.stdout.splitlines()} - {""}


@pytest.fixture(params=["bash", "fish", "zsh"])
def shell(request: pytest.FixtureRequest) -> str:
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param} on this machine")
    return str(request.param)


def test_subcommands(shell: str, tmp_path: Path) -> None:
    assert offered(shell, "guardsh c", tmp_path) == {"check", "clear", "completion", "config"}


def test_of_a_subcommand(shell: str, tmp_path: Path) -> None:
    assert offered(shell, "guardsh config ", tmp_path) == {"check", "show"}


def test_options(shell: str, tmp_path: Path) -> None:
    assert offered(shell, "guardsh expect --ro", tmp_path) == {"--role"}


def test_values(shell: str, tmp_path: Path) -> None:
    assert offered(shell, "guardsh expect --role ", tmp_path) == {"primary", "recovering", "replica"}


def test_the_tab_key(shell: str, tmp_path: Path) -> None:
    """``guardsh comple`` and Tab, typed: with ``bash`` and Enter after it, the script of bash is printed."""
    write_script(shell, tmp_path)
    arguments, load = _INTERACTIVE[shell]
    with pexpect.spawn(shell, arguments, cwd=tmp_path, env=environment(tmp_path), timeout=10) as typing:
        typing.sendline(f"{load}; echo loa''ded")
        typing.expect("loaded")
        typing.send("guardsh comple\t")
        typing.expect("tion")
        typing.sendline("bash")
        typing.expect_exact("_guardsh_completion_setup;")
