"""Expansions that are known only when the line runs, but surely are one name, without slash or blank: $(date +%F)."""

from __future__ import annotations

import re
import shlex

from guardsh.commands.shell_words import Kind, Piece

CHANGING = frozenset({"RANDOM", "SRANDOM", "SECONDS", "EPOCHSECONDS", "BASHPID"})  # another one each time
_NUMBERS = CHANGING | {"UID", "EUID", "PPID", "$", "!", "#", "?"}
_SUBSTITUTION = re.compile(r"\$\((.*)\)|`(.*)`", re.DOTALL)
_DATE = re.compile(r"\+(?:[\w.:=-]|%[YmdHMSjFTsNyuVGUWI])+")  # others write slashes or blanks: %D, %c, %e
_OF_DATE = re.compile(r"-u|--utc|-I\w*|--date=.*|-d.+", re.DOTALL)
_COMMANDS = frozenset(
    {
        *("hostname", "hostname -s", "hostname --short", "hostname -f", "hostname --fqdn", "nproc", "whoami"),
        *("id -u", "id -un", "id -nu", "id -g", "id -gn", "uname -n", "uname -r", "uname -m", "uname -s"),
    }
)


def is_name(piece: Piece) -> bool:
    """Whether the expansion can only become a part of one name."""
    if piece.kind in (Kind.VARIABLE, Kind.QUOTED_VARIABLE):
        return piece.text in _NUMBERS
    found = _SUBSTITUTION.fullmatch(piece.text) if piece.kind is Kind.UNKNOWN else None
    try:
        words = shlex.split(found[1] or found[2] or "") if found else []
    except ValueError:
        return False
    return " ".join(words) in _COMMANDS or (words[:1] == ["date"] and _is_date(words[1:]))


def _is_date(words: list[str]) -> bool:
    """date(1), with a format that writes one name."""
    rest = list(words)
    while "-d" in rest[:-1]:
        del rest[rest.index("-d") : rest.index("-d") + 2]
    formats = [word for word in rest if word.startswith("+")]
    options = [word for word in rest if not word.startswith("+")]
    iso = any(word.startswith("-I") for word in options)
    return all(map(_OF_DATE.fullmatch, options)) and (iso or bool(formats)) and all(map(_DATE.fullmatch, formats))
