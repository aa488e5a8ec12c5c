"""The escapes in $'…' (bash(1), QUOTING; zsh and fish have the same)."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|c(.)|(.))", re.DOTALL
)
_LETTERS = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_AS_THEY_ARE = "\\'\"?"
_LAST = 0x10FFFF


def decoded(text: str) -> str:
    r"""What the text between the quotes stands for.

    >>> decoded(r"\x72m\t\'")
    "rm\t'"
    """
    return _ESCAPE.sub(_one, text).partition("\0")[0]  # where the string ends for the shell, too


def _one(found: re.Match[str]) -> str:
    octal, hexadecimal, short, long, control, letter = found.groups()
    if control is not None:
        return chr(ord(control) & 0x1F)
    if letter is not None:
        return _LETTERS.get(letter, letter if letter in _AS_THEY_ARE else found[0])
    number = int(octal, 8) & 0xFF if octal else int(hexadecimal or short or long, 16)
    if octal or hexadecimal:
        return bytes([number]).decode(errors="surrogateescape")
    return chr(number) if number <= _LAST else ""
