"""The terminal in the colour of a role while a question stands, and put back whatever ends it.

Plain OSC 10 and 11 also inside tmux, where they colour the one pane; a passthrough would colour all of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from guardsh.screen import escape, palette
from guardsh.system.terminal import Terminal

_LATE = 1.0  # seconds for a terminal to tell its colour: 20 ms here, a round trip over ssh; 0.4 s in a fresh window


class Paint(NamedTuple):
    """What to write before and after."""

    change: str
    restore: str


def may_paint(environment: Mapping[str, str], wanted: bool) -> bool:
    """Whether colours may be changed: policy's ``wanted``, NO_COLOR (no-color.org), GUARDSH_BACKGROUND=off, and the
    terminals known not to do it. Terminal.app takes the colour, but does not put it back."""
    return (
        wanted
        and not environment.get("NO_COLOR")
        and environment.get("GUARDSH_BACKGROUND") != "off"
        and environment.get("TERM", "dumb") not in ("", "dumb", "linux")
        and environment.get("TERM_PROGRAM") != "Apple_Terminal"
    )


@contextlib.contextmanager
def painted(terminal: Terminal, paint: Paint) -> Iterator[None]:
    """Paint ``terminal``; at the end, even if that is SIGKILL, it is put back."""
    with terminal.guarded(paint.restore), terminal.changed(paint.change, paint.restore):
        yield


def show(terminal: Terminal, text: str) -> str | None:
    """Write ``text`` and have the terminal tell its own background, ``#rrggbb``, or None where it does not.

    The question goes first, so that nobody waits for ``text``. Until the answer is there, input is not echoed: what
    came later would be typed into the answer.
    """
    question = escape.ASK_BACKGROUND + escape.ASK_ATTRIBUTES
    return background(terminal.exchange(question + text, escape.ATTRIBUTES, _LATE))


def chosen(word: str, own: str | None) -> Paint:
    """``own`` is the terminal's background as ``#rrggbb``. Where it does not tell, the text is coloured as well: dark
    text of a light theme could not be read on a dark tint.

    It is restored by value, for terminals without OSC 111 (Konsole before 25.12, urxvt, st, mlterm, screen), and by
    OSC 111, for those whose themes change by themselves.
    """
    tint = palette.tint(word)
    if own is None:
        change = escape.set_foreground(palette.READABLE_ON_DARK) + escape.set_background(tint.dark)
        return Paint(change, escape.RESET_BACKGROUND + escape.RESET_FOREGROUND)
    change = escape.set_background(tint.light if palette.is_light(own) else tint.dark)
    return Paint(change, escape.set_background(own) + escape.RESET_BACKGROUND)


def background(reply: str) -> str | None:
    """The colour in a terminal's reply as ``#rrggbb``; None where there is none.

    >>> background("\\x1b]11;rgb:ffff/8080/0000\\x1b\\\\\\x1b[?62;22c"), background("\\x1b]11;rgb:f/8/0\\x07")
    ('#ff8000', '#ff8800')
    """
    found = escape.BACKGROUND.search(reply)
    if not found:
        return None
    return "#" + "".join(f"{int(part, 16) * 255 // (16 ** len(part) - 1):02x}" for part in found.groups())
