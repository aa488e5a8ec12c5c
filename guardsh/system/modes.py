"""Terminal modes (termios(3)) in which a person, or the terminal itself, can be asked."""

from __future__ import annotations

import termios
from typing import Any

# As termios.tcgetattr gives them: iflag, oflag, cflag, lflag, ispeed, ospeed, characters.
Attributes = list[Any]

_DISABLED = b"\0"  # _POSIX_VDISABLE on Linux
_CHARACTERS = {
    termios.VINTR: b"\x03",
    termios.VQUIT: b"\x1c",
    termios.VERASE: b"\x7f",
    termios.VKILL: b"\x15",
    termios.VWERASE: b"\x17",
    termios.VREPRINT: b"\x12",
    termios.VLNEXT: b"\x16",
    termios.VEOF: b"\x04",
    termios.VSTART: b"\x11",
    termios.VSTOP: b"\x13",
}
_LINE_EDITING = termios.ISIG | termios.ICANON | termios.IEXTEN | termios.ECHO | termios.ECHOE | termios.ECHOK
_VISIBLE = termios.ECHOCTL | termios.ECHOKE


def cooked(before: Attributes) -> Attributes:
    """The kernel edits and echoes a line, Ctrl-C and Ctrl-\\ are signals; the operator's own keys for it are kept.

    Ctrl-Z is no key here: it would stop the other processes of a pipeline, which nobody would continue.
    """
    iflag, oflag, cflag, lflag, ispeed, ospeed, characters = before
    iflag = (iflag | termios.BRKINT | termios.ICRNL | termios.IXON) & ~(termios.INLCR | termios.IGNCR | termios.ISTRIP)
    oflag = (oflag | termios.OPOST | termios.ONLCR) & ~(termios.OCRNL | termios.ONOCR | termios.ONLRET)
    lflag = (lflag | _LINE_EDITING | _VISIBLE) & ~(termios.ECHONL | termios.NOFLSH | termios.TOSTOP)
    keys = list(characters)
    for index, usual in _CHARACTERS.items():
        keys[index] = usual if keys[index] == _DISABLED or isinstance(keys[index], int) else keys[index]
    for index in (termios.VSUSP, termios.VEOL, termios.VEOL2):
        keys[index] = _DISABLED
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, keys]


def cooked_without_signals(before: Attributes) -> Attributes:
    """As ``cooked``, but Ctrl-C and Ctrl-\\ end the line as its last byte. For a question put by a shell in the middle
    of its own work: a signal would bring the shell back to its prompt while the question still has the terminal."""
    *rest, keys = cooked(before)
    keys[termios.VEOL], keys[termios.VEOL2] = keys[termios.VINTR], keys[termios.VQUIT]
    keys[termios.VINTR] = keys[termios.VQUIT] = _DISABLED
    return [*rest, keys]


def uncooked_without_signals(before: Attributes) -> Attributes:
    """As ``uncooked``, but Ctrl-C and Ctrl-\\ are bytes like any other."""
    iflag, oflag, cflag, lflag, *rest = uncooked(before)
    return [iflag, oflag, cflag, lflag & ~termios.ISIG, *rest]


def uncooked(before: Attributes) -> Attributes:
    """Bytes come as they are sent and are not echoed; Ctrl-C is still a signal."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, characters = before
    keys = list(characters)
    keys[termios.VMIN], keys[termios.VTIME] = 1, 0
    return [iflag, oflag, cflag, lflag & ~(termios.ICANON | termios.ECHO), ispeed, ospeed, keys]
