"""Dark or light by the terminal's own background: asked once, and no reply is ever typed into a line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardsh.screen import escape, palette
from tests.shells.prompting import Node, Shell, colours

QUESTION = b"\x1b]11;?\x1b\\\x1b[5n"
FENCE = b"\x1b[0n"
DARK = b"\x1b]11;rgb:0000/2b2b/3636\x1b\\"
LIGHT = b"\x1b]11;rgb:fdfd/f6f6/e3e3\x07"
# urxvt ends its reply with a bare escape; the fence follows it
UNFINISHED = b"\x1b]11;rgb:0/0/0\x1b"
OURS = b"\x1b]11;rgb:4848/0e0e/0e0e\x1b\\"
ON_DARK = [escape.set_background(palette.PRIMARY.dark).encode()]
ON_LIGHT = [escape.set_background(palette.PRIMARY.light).encode()]
BLINDLY = [escape.set_foreground(palette.READABLE_ON_DARK).encode(), *ON_DARK]
BACK, TEXT_BACK = b"\x1b]111\x1b\\", b"\x1b]110\x1b\\"


@pytest.fixture
def node(tmp_path: Path) -> Node:
    node = Node(tmp_path)
    node.says("primary")
    return node


# fish has no builtin that could ask (test_prompt_fish.py).
@pytest.fixture(params=["bash", "zsh"])
def asking(request: pytest.FixtureRequest, node: Node) -> Iterator[Shell]:
    """A shell that has just asked."""
    shell = Shell(request.param, node, GUARDSH_THEME="")
    shell.pty.expect_exact(QUESTION)
    yield shell
    shell.close()


def replied(shell: Shell, reply: bytes) -> bytes:
    """What is written until the reply is taken and a line has run."""
    shell.pty.send(reply)
    shell.pty.expect_exact([escape.set_background(colour).encode() for colour in palette.PRIMARY])
    seen = bytes(shell.pty.before) + bytes(shell.pty.after)
    shell.rest()
    shell.pty.send(b"echo is $((1 + 1)).\r")
    shell.pty.expect_exact(b"is 2.")
    return seen + bytes(shell.pty.before) + shell.ready()


@pytest.mark.parametrize(
    ("reply", "painted", "back"),
    [
        (DARK + FENCE, ON_DARK, [b"\x1b]11;#002b36\x1b\\", BACK]),
        (LIGHT + FENCE, ON_LIGHT, [b"\x1b]11;#fdf6e3\x1b\\", BACK]),
        (UNFINISHED + FENCE, ON_DARK, [b"\x1b]11;#000000\x1b\\", BACK]),
        (FENCE, BLINDLY, [BACK, TEXT_BACK]),
        (OURS + FENCE, ON_DARK, [BACK]),
    ],
    ids=["dark", "light", "unfinished", "not told", "left by another shell"],
)
def test_the_colour_suits_the_terminal(asking: Shell, reply: bytes, painted: list[bytes], back: list[bytes]) -> None:
    shown = replied(asking, reply)
    assert colours(shown) == painted * 2
    assert QUESTION not in shown  # once
    assert colours(asking.end(b"exit\r")) == back


@pytest.mark.parametrize(
    "colour", ["#ffffff", "#fdf6e3", "#000000", "#282c34", "#002b36", "#808080", "#707070", "#4a90d9"]
)
def test_dark_and_light_as_the_challenge_has_them(asking: Shell, colour: str, node: Node) -> None:
    replied(asking, f"\x1b]11;rgb:{colour[1:3]}/{colour[3:5]}/{colour[5:]}\x1b\\".encode() + FENCE)
    registered = (node.terminals / str(asking.pty.pid)).read_text()
    assert registered == ("light\n" if palette.is_light(colour) else "dark\n")


def test_no_reply_is_waited_for(asking: Shell) -> None:
    """A terminal that answers nothing: from the second prompt on the colours are those that suit every theme."""
    began = time.monotonic()
    asking.pty.send(b"echo is $((1 + 1)).\r")
    asking.pty.expect_exact(b"is 2.")
    assert time.monotonic() - began < 0.9
    assert colours(asking.ready()) == BLINDLY


def test_a_late_reply_is_taken_and_not_typed(asking: Shell) -> None:
    asking.run("true")
    asking.pty.send(b"echo ha")
    asking.pty.expect_exact(b"ha")
    asking.pty.send(LIGHT + FENCE)
    asking.pty.expect_exact(ON_LIGHT[0])
    assert colours(bytes(asking.pty.before)) == [BACK, TEXT_BACK]
    asking.pty.send(b"lf-typed.\r")
    asking.pty.expect_exact(b"\nhalf-typed.\r\n")
    assert b"rgb" not in asking.ready()


def test_keys_are_what_they_were(asking: Shell) -> None:
    asking.run("true")
    asking.pty.send(b"echo ab\x1b[Dx.\r")
    asking.pty.expect_exact(b"\nax.b\r\n")


@pytest.mark.parametrize("typed", [b"echo typed-ahead.\r", b"echo 1 && echo typed-ahead.\r"])
def test_what_is_typed_ahead_is_not_lost(asking: Shell, typed: bytes) -> None:
    """Typed before the reply, which comes while it runs at the earliest; also where lines come from a script."""
    asking.pty.send(typed + DARK + FENCE)
    asking.pty.expect_exact(b"\ntyped-ahead.\r\n")
    assert b"is 2." in asking.run("echo is $((1 + 1)).")


def test_what_is_typed_around_the_reply_is_not_lost(asking: Shell) -> None:
    asking.pty.send(b"echo typ" + DARK + FENCE + b"ed-ahead.\r")
    asking.pty.expect_exact(b"\ntyped-ahead.\r\n")
