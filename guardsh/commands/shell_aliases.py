"""Aliases of the shell that reads a line: they are text, and replaced before the line is read (bash(1), ALIASES)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from guardsh.commands.shell_tokens import STARTERS, Lexer
from guardsh.commands.shell_words import UnreadableError, Word

_LONGEST = 1 << 16


def expanded(
    text: str,
    aliases: Mapping[str, str],
    language: str = "bash",
    used: frozenset[str] = frozenset(),
    *,
    on: bool = True,
) -> str:
    """The line with its aliases replaced, none inside its own text; ``on``: its first word may be one.

    Raises UnreadableError where that makes it too long.
    """
    parts: list[str] = []
    at = 0
    for word in _candidates(text, aliases, language, on):
        name = word.plain or ""
        if name in aliases and name not in used:
            parts += text[at : word.start], expanded(aliases[name], aliases, language, used | {name})
            at = word.end
    result = "".join((*parts, text[at:]))
    if len(result) > max(_LONGEST, len(text)):
        raise UnreadableError("its aliases make it too long")
    return result


def _candidates(text: str, aliases: Mapping[str, str], language: str, on: bool) -> Iterator[Word]:
    """Words where a command may begin, and those behind an alias that ends in a blank."""
    begins = on
    for token in Lexer(text, language).tokens():
        if not isinstance(token, Word):
            begins = begins or not hasattr(token, "operator")
            continue
        if begins:
            yield token
        plain = token.plain
        leads = begins and (plain in STARTERS or token.source.endswith("()") or _assigns(token))
        begins = leads or (begins and aliases.get(plain or "", "").endswith((" ", "\t")))


def _assigns(word: Word) -> bool:
    name, equals, _ = word.source.partition("=")
    return bool(equals) and name.isidentifier()
