"""What is asked once the server stands still: one key goes on, another lets it run."""

from __future__ import annotations

import re
from enum import Enum

from guardsh.screen.plain import safe
from guardsh.system.terminal import NoAnswer, Terminal

_KEY = re.compile("[scq]")
_PATIENCE = 120.0  # seconds; copying harms nothing
_CHOICE = "s: copy now, it stays stopped   c: let it run on   q: leave it stopped"


class Wish(Enum):
    SALVAGE = "s"
    CONTINUE = "c"
    QUIT = "q"


def ask(lines: list[str]) -> tuple[Wish, str]:
    """Show what was found and wait for a key; the wish, and why it was not typed. Raises OSError without a terminal.

    Nobody answering means going on: the copy loses nothing.
    """
    with Terminal() as terminal:
        terminal.write("".join(f"{safe(line)}\r\n" for line in [*lines, _CHOICE]))
        try:
            with terminal.undisturbed(), terminal.exclusive(_PATIENCE):
                terminal.discard_input()
                found = _KEY.search(terminal.exchange("s/c/q> ", _KEY, _PATIENCE))
                terminal.write(f"{found[0] if found else ''}\r\n")
        except NoAnswer as instead:
            return Wish.QUIT, instead.why
    return (Wish(found[0]), "") if found else (Wish.SALVAGE, f"no answer in {_PATIENCE:g} s")
