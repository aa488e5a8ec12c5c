"""Terminal escape sequences by name (ECMA-48; xterm's ctlseqs for the operating system commands)."""

from __future__ import annotations

import re

BOLD = "\x1b[1m"
BADGE = "\x1b[1;7m"  # bold, reversed: readable in every theme
NORMAL = "\x1b[0m"

MARK_PASTES = "\x1b[?2004h"
LEAVE_PASTES = "\x1b[?2004l"
PASTE_BEGINS = "\x1b[200~"
PASTE_ENDS = "\x1b[201~"

ASK_BACKGROUND = "\x1b]11;?\x1b\\"
# Answered by every terminal, after the colour if that is answered at all: the fence.
ASK_ATTRIBUTES = "\x1b[c"
ATTRIBUTES = re.compile(r"\x1b\[\?[0-9;]*c")
# rgb:hhhh/hhhh/hhhh with one to four digits each (XParseColor); what ends it differs between terminals.
BACKGROUND = re.compile(r"\x1b\]11;rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})")

RESET_FOREGROUND = "\x1b]110\x1b\\"
RESET_BACKGROUND = "\x1b]111\x1b\\"

_COMMAND = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|\x1b)?")
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]?")
_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def set_foreground(colour: str) -> str:
    """``colour`` as ``#rrggbb``: the form that all but one terminal take."""
    return f"\x1b]10;{colour}\x1b\\"


def set_background(colour: str) -> str:
    return f"\x1b]11;{colour}\x1b\\"


def up(lines: int) -> str:
    """To the start of so many lines above, with everything from there on erased."""
    return f"\r\x1b[{lines}A\x1b[J"


def without_sequences(typed: str) -> str:
    """What a person typed, without the terminal's late replies, arrow keys and other control characters.

    >>> without_sequences("db-01 \\x1b]11;rgb:ff/ff/ff\\x1b\\\\\\x1b[?62;22cprimary\\x1a")
    'db-01 primary'
    """
    for pattern in (_COMMAND, _CONTROL, _CHARACTER):
        typed = pattern.sub("", typed)
    return typed
