"""What the words of a typed line stand for: variables handed over, braces, ~ and globs; or that it is not known."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from guardsh.commands.shell_words import Kind, Piece, Word, tokens

# Existing entries that a pattern matches, seen from a directory; a pattern without wildcards matches what is there.
Expand = Callable[[str, str], tuple[str, ...]]

_ACTIVE = re.compile(r"[*?[]")
_BRACES = re.compile(r"\{[^{}]*(?:,|\.\.)[^{}]*\}")
_MOST_WORDS = 4096


@dataclass(slots=True)
class Shell:
    """A shell in the middle of a line. ``cwd`` is None once it is not known. ``variables`` are known by all the values
    that they may have; None for one that has no value that is known, as $_. ``environment`` is what commands get."""

    cwd: str | None
    environment: dict[str, str]
    variables: dict[str, tuple[str, ...] | None]
    aliases: Mapping[str, str]
    expand: Expand

    def values(self, name: str) -> tuple[str, ...] | None:
        if name == "PWD":
            return None if self.cwd is None else (self.cwd,)
        if name == "_":
            return None
        if name in self.variables:
            return self.variables[name]
        return (self.environment.get(name, ""),)

    def assign(self, name: str, values: tuple[str, ...] | None) -> None:
        self.variables[name] = values
        if name in self.environment and values:
            self.environment[name] = values[0]


@dataclass(slots=True)
class Expanded:
    """``unknown`` are the sources of what is known only when the line runs."""

    words: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def expand(word: Word, shell: Shell) -> Expanded:
    """The words that one word becomes. What is not known stays as it was typed, and is named."""
    sources = _braces(word)
    if sources is None:
        return Expanded([word.source], [word.source])
    result = Expanded()
    for each in sources:
        _expand_one(each, shell, result)
    return result


def _braces(word: Word) -> list[Word] | None:
    """The words of ``{a,b}``; None where they are too many, or counted ({1..3})."""
    if not any(piece.kind is Kind.LITERAL and "{" in piece.text for piece in word.pieces):
        return [word]
    pending, done = [word.source], []
    while pending:
        source = pending.pop(0)
        found = _BRACES.search(source)
        if found is None:
            done += [token for token in tokens(source) if isinstance(token, Word)]
        elif "," not in found[0] or len(pending) + len(done) > _MOST_WORDS:
            return None
        else:
            inside = found[0][1:-1].split(",")
            pending = [source[: found.start()] + part + source[found.end() :] for part in inside] + pending
    return done


def _expand_one(word: Word, shell: Shell, result: Expanded) -> None:
    patterns = [""]
    for number, piece in enumerate(word.pieces):
        values = _values(piece, shell)
        if values is None or len(patterns) * len(values) > _MOST_WORDS:
            result.words.append(word.source)
            result.unknown.append(piece.text)
            return
        if number == 0 and piece.kind is Kind.LITERAL and piece.text.startswith("~"):
            values = [_home(piece.text, shell)]
        patterns = [pattern + value for pattern in patterns for value in values]
    for pattern in patterns:
        _expand_pattern(pattern, word, shell, result)


def _values(piece: Piece, shell: Shell) -> list[str] | None:
    """As patterns: what is quoted is no wildcard."""
    if piece.kind is Kind.UNKNOWN:
        return None
    if piece.kind is Kind.LITERAL:
        return [piece.text]
    if piece.kind is Kind.QUOTED:
        return [glob.escape(piece.text)]
    values = shell.values(piece.text)
    if values is None or piece.kind is Kind.VARIABLE:
        return None if values is None else list(values)
    return list(map(glob.escape, values))


def _home(text: str, shell: Shell) -> str:
    name, slash, rest = text.partition("/")
    homes = {"~": shell.environment.get("HOME"), "~+": shell.cwd, "~-": " ".join(shell.values("OLDPWD") or ())}
    return (homes.get(name) or name) + slash + rest


def _expand_pattern(pattern: str, word: Word, shell: Shell, result: Expanded) -> None:
    """An unquoted variable is split into words, but not by zsh and fish: it counts as both."""
    split = any(piece.kind is Kind.VARIABLE for piece in word.pieces)
    tilde = word.source.startswith("~")
    parts = pattern.split() if split else [pattern]
    if len(parts) > 1:
        parts.append(pattern)
    for part in parts:
        if "**" in part or (_is_pattern(part) and shell.cwd is None) or (tilde and _is_unknown_home(part, shell)):
            result.words.append(_text(part))
            result.unknown.append(word.source)
        elif _is_pattern(part) or tilde:
            result.words += shell.expand(part, shell.cwd or "/") or (_text(part),)
        else:
            result.words.append(_text(part))


def _is_unknown_home(part: str, shell: Shell) -> bool:
    """~NAME of a directory that zsh has a name for, ~1 of the directory stack."""
    return part.startswith("~") and not shell.expand(part.partition("/")[0] + "/", "/")


def _is_pattern(pattern: str) -> bool:
    return bool(_ACTIVE.search(_ESCAPED.sub("", pattern)))


_ESCAPED = re.compile(r"\[([*?[])\]")  # as glob.escape writes it


def _text(pattern: str) -> str:
    return _ESCAPED.sub(r"\1", pattern)
