"""What is asked once the server stands still: one key goes on, another lets it run."""

from __future__ import annotations

import re
from enum import Enum

from guardsh.screen.plain import safe
from guardsh.system.terminal import NoAnswer, Terminal

_KEYS = {True: re.compile("[scq]"), False: re.compile("[sq]")}
_PATIENCE = 120.0  # seconds; copying harms nothing


class Wish(Enum):
    SALVAGE = "s"
    CONTINUE = "c"
    QUIT = "q"


def ask(lines: list[str], *, may_continue: bool) -> tuple[Wish, str]:
    """Show what was found and wait for a key; the wish, and how it came about. Raises OSError without a terminal.

    ``may_continue`` False: a server whose directory is gone would end, and its open files with it; no single key does
    that. Nobody answering means going on: the copy loses nothing.
    """
    keys = "s: copy now, it stays stopped" + ("   c: let it run on" if may_continue else "") + "   q: leave it stopped"
    with Terminal() as terminal:
        terminal.write("".join(f"{safe(line)}\r\n" for line in [*lines, "", keys]))
        try:
            with terminal.undisturbed(), terminal.exclusive(_PATIENCE):
                terminal.discard_input()
                return _wish(terminal, may_continue), ""
        except NoAnswer as instead:
            return (Wish.QUIT, instead.why)


def _wish(terminal: Terminal, may_continue: bool) -> Wish:
    keys = _KEYS[may_continue]
    found = keys.search(terminal.exchange("s/c/q> " if may_continue else "s/q> ", keys, _PATIENCE))
    wish = Wish(found[0]) if found else Wish.SALVAGE
    terminal.write(f"{wish.value}\r\n")
    return wish
