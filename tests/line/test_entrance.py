"""What the line hook's entrance loads, and what it lets pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LOADED = """
import sys
from guardsh.line import entrance
status = entrance.main(["--shell", sys.argv[1], "--pid", "1"])
print(status, *sys.modules)
"""


def entered(line: str, cwd: Path, language: str = "bash") -> tuple[int, set[str]]:
    """The exit status, and the modules that were loaded."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, language],
        input=line.encode() + b"\0",
        cwd=cwd,
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    assert done.stderr == b""
    status, *modules = done.stdout.decode().split()
    return int(status), set(modules)


CALM = [
    "ls -l | sort -n",
    "echo $HOME",
    "svn commit -m 'confirm the form'",
    "docker ps --format '{{.Names}}'",
    "cd /etc && ls *.conf",
    "for i in 1 2 3; do echo $i; done",
    "if [ -f x ]; then cat x; fi",
    "make -j8 test",
    "# a comment",
    "",
]


@pytest.mark.parametrize("line", CALM)
def test_a_line_without_a_guarded_word_is_decided_before_the_grammar_is_loaded(line: str, tmp_path: Path) -> None:
    status, loaded = entered(line, tmp_path)
    assert status == 0
    assert (
        loaded & {"tree_sitter", "tree_sitter_bash", "guardsh.commands.shell_reader", "guardsh.judge", "click"} == set()
    )


HOT = [
    "rm -f nothing; rm x",
    "r''m x",
    "echo a > b",
    "$X -rf /d",
    "sudo $X",
    "/bin/r? x",
    "a; {rm,-f,x}",
    "A=b $X y",
    "eval $X",
]


@pytest.mark.parametrize("line", HOT)
def test_a_line_that_may_matter_is_read(line: str, tmp_path: Path) -> None:
    status, loaded = entered(line, tmp_path)
    assert status == 0
    assert "tree_sitter" in loaded


def test_a_harmless_line_with_a_guarded_word_is_decided_without_looking_at_the_node(tmp_path: Path) -> None:
    status, loaded = entered("cd / && rm -rf /nowhere/x 2>/dev/null >/nowhere/log", tmp_path)
    assert status == 0
    assert loaded & {"guardsh.judge", "guardsh.observe.node", "psycopg"} == set()


def test_fish_needs_no_grammar(tmp_path: Path) -> None:
    _, loaded = entered("rm -f nothing; and echo a", tmp_path, "fish")
    assert "tree_sitter" not in loaded
