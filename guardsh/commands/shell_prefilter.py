"""Which lines need no reading: no guarded word, no redirection that writes, no command word that is not known."""

from __future__ import annotations

import re

from guardsh.commands import COMMANDS, KEYWORDS, PREFIXES, REDIRECTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMES = "|".join(map(re.escape, sorted(COMMANDS.keys() - REDIRECTIONS, key=len, reverse=True)))
_NAMED = re.compile(rf"(?<![\w.-])(?:{_NAMES})(?![\w.-])")
_QUOTING = re.compile(r"""\\\n|['"\\]""")
_UNKNOWN = r"""(?:[$`*?]|\[(?![\[\s])|\{\S)"""  # in a word, it may make any word of it
_BEGINS = rf"(?:^|[;&|()!`\n]|(?:(?<!\S)\{{|(?<![\w.-])(?:{'|'.join(sorted(KEYWORDS))}))\s)"
_UNKNOWN_COMMAND = re.compile(rf"{_BEGINS}\s*(?:\w+\+?=\S*\s+)*[^\s;&|(){{}}<>=]*?{_UNKNOWN}")
_RUNNER = re.compile(rf"(?<![\w.-])(?:{'|'.join(sorted(PREFIXES))})\s")
_UNKNOWN_WORD = re.compile(_UNKNOWN)


def may_matter(text: str, aliases: Iterable[str]) -> bool:
    """Whether the line has to be read; everything else is decided here, before anything more is loaded. ``aliases`` are
    the texts of those of the shell."""
    return (
        ">" in text
        or any(map(mentioned, (text, *aliases)))
        or bool(_UNKNOWN_COMMAND.search(text))
        or _runs_unknown(text)
    )


def _runs_unknown(text: str) -> bool:
    """Whether anything that is not known stands behind a program that runs others."""
    runner = _RUNNER.search(text)
    return runner is not None and bool(_UNKNOWN_WORD.search(text, runner.end()))


def names_anything(text: str) -> bool:
    """Whether a guarded word, or an operator that writes, stands anywhere in a text that is too long to be read."""
    return any(name in text for name in COMMANDS)


def mentioned(text: str) -> str:
    """A guarded word that stands somewhere in the text, however it is quoted."""
    found = _NAMED.search(text) or _NAMED.search(_QUOTING.sub("", text))
    return found[0] if found else ""
