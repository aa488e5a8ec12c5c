"""The prompt among what else lives in fish: other prompts, what is asked of them, and themes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guardsh.screen import escape, palette
from tests.shells.prompting import Node, Shell, colours, host

PRIMARY = b"\x1b]11;#480e0e\x1b\\"
BACK = b"\x1b]111\x1b\\"
Start = Callable[..., Shell]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    node = Node(tmp_path)
    node.says("primary")
    return node


@pytest.fixture
def fish(node: Node) -> Iterator[Start]:
    started: list[Shell] = []

    def start(before: str = "", after: str = "", **environment: str) -> Shell:
        started.append(Shell("fish", node, before, after, None, **environment))
        return started[-1]

    yield start
    for shell in started:
        shell.close()


def test_the_old_prompt_sees_every_status(fish: Start) -> None:
    shell = fish("", "function fish_prompt; set -l rc $status:$pipestatus; echo -n $rc '@> '; end")
    shell.ready()
    assert f"{host()} PRIMARY 3:1 3:3 @> ".encode() in shell.run("false | sh -c 'exit 3'")


def test_a_prompt_of_two_lines(fish: Start) -> None:
    shell = fish("", "function fish_prompt; echo first; echo -n 'second @> '; end")
    shown = shell.ready()
    assert f"{host()} PRIMARY first".encode() in shown
    assert b"PRIMARY second" not in shown


def test_a_prompt_that_is_defined_later(fish: Start) -> None:
    shell = fish()
    shell.ready()
    shown = shell.run("function fish_prompt; echo -n 'new @> '; end")
    assert f"{host()} PRIMARY new @> ".encode() in shown + shell.run("")


def test_a_segment_that_the_operator_has_placed(fish: Start) -> None:
    shell = fish("", 'function fish_prompt; echo -n "[$__guardsh_segment] @> "; end')
    assert f"[{host()} PRIMARY] @> ".encode() in shell.ready()


def test_a_theme_that_is_not_told(fish: Start) -> None:
    """No builtin of fish 3 can ask a terminal: the colours suit every theme."""
    blindly = [escape.set_foreground(palette.READABLE_ON_DARK).encode(), PRIMARY]
    shell = fish(GUARDSH_THEME="")
    assert colours(shell.ready()) == blindly
    assert colours(shell.end(b"exit\r"))[-2:] == [BACK, b"\x1b]110\x1b\\"]


def test_a_theme_that_fish_knows(fish: Start) -> None:
    shell = fish("set -g fish_terminal_color_theme light", GUARDSH_THEME="")
    assert colours(shell.ready()) == [escape.set_background(palette.PRIMARY.light).encode()]


def test_exec_puts_the_colours_back(fish: Start) -> None:
    shell = fish()
    shell.ready()
    assert colours(shell.end(b"exec true\r")) == [BACK]


@pytest.mark.parametrize(
    "option", ["fish_default_key_bindings", "set -e HOME", "set -g fish_trace 0", "set -g hostname x"]
)
def test_with_options_of_the_operator(fish: Start, option: str) -> None:
    shell = fish(f"begin; {option}; end 2>/dev/null")
    for shown in (shell.ready(), shell.run("true")):
        assert f"{host()} PRIMARY @> ".encode() in shown
        assert colours(shown) == [PRIMARY]
        assert b"fish:" not in shown
