"""What the words of a typed line stand for: variables handed over, braces, ~ and globs; or that it is not known."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from guardsh.commands import shell_braces, shell_names, shell_parameters
from guardsh.commands.shell_state import Shell, Values
from guardsh.commands.shell_words import Kind, Piece, Word

_ACTIVE = re.compile(r"[*?[]")
_ESCAPED = re.compile(r"\[([*?[])\]")  # as glob.escape writes it
_NOT_KNOWN_HERE = re.compile(r"\*\*|\[[^]]*\[[:.=]")  # globstar is an option; classes are unknown to fnmatch
_OF_CD = {"~+": "PWD", "~-": "OLDPWD"}
_MOST_WORDS = 4096
_LONGEST_PATTERN = 1024

Field = str | None  # a word being made, as a pattern; None where there is nothing of it yet


@dataclass(slots=True)
class Expanded:
    """``unknown`` are those of ``words`` that are known only when the line runs: they stay as they were typed."""

    words: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    def add_unknown(self, source: str) -> None:
        self.words.append(source)
        self.unknown.add(source)


def expand(words: Iterable[Word], shell: Shell, place: str | None) -> Expanded:
    """The words that these become in the directory ``place``."""
    result = Expanded()
    for word in words:
        try:
            alternatives = shell_braces.expanded(word)
        except shell_braces.TooManyError:
            result.add_unknown(word.source)
            continue
        for pieces in alternatives:
            _expand_one(pieces, shell, place, result)
    return result


def value(word: Word, shell: Shell) -> Values:
    """What a variable gets that is assigned this word: neither split nor matched with files."""
    texts = [""]
    for number, piece in enumerate(word.pieces):
        values = _home(piece, shell) if number == 0 else None
        values = values if values is not None else _values(piece, shell, _one_place(shell))
        if values is None or len(texts) * len(values) > _MOST_WORDS:
            return None
        texts = [text + each for text in texts for each in values]
    return tuple(dict.fromkeys(texts))


def text(pieces: Iterable[Piece], shell: Shell) -> str:
    """The lines of a here-document; what is not known stays as it was typed."""
    parts = []
    for piece in pieces:
        values = _values(piece, shell, _one_place(shell))
        sign = "$" if piece.kind is Kind.QUOTED_VARIABLE else ""
        parts.append(values[0] if values and len(values) == 1 else sign + piece.text)
    return "".join(parts)


def known_directory(word: Word) -> str | None:
    """The directory that a path surely begins with, whatever follows; "" is the working directory, None is not known.

    ``/tmp/dump.$(date +%F)`` lies in /tmp.
    """
    known = ""
    for piece in word.pieces:
        if piece.kind not in (Kind.LITERAL, Kind.QUOTED):
            break
        known += piece.text
    if not known or known.startswith("~"):
        return None
    return known.rpartition("/")[0] or ("/" if known.startswith("/") else "")


def _one_place(shell: Shell) -> str | None:
    return shell.places[0] if shell.places is not None and len(shell.places) == 1 else None


def _expand_one(pieces: tuple[Piece, ...], shell: Shell, place: str | None, result: Expanded) -> None:
    alternatives: list[list[Field]] = [[None]]
    tilde = known = True
    named = False
    for number, piece in enumerate(pieces):
        values = _home(piece, shell) if number == 0 else None
        tilde = tilde and (number > 0 or values is not None)
        values = values if values is not None else _values(piece, shell, place)
        kind = piece.kind
        if values is None and shell_names.is_name(piece):
            named, kind, values = True, Kind.LITERAL, ("*",)
        if values is None or len(alternatives) * len(values) > _MOST_WORDS:
            known, kind, values = False, Kind.QUOTED, (_source(piece, pieces[number + 1 : number + 2]),)
        if piece.text == "@" and not values:  # "$@" without any: no word at all, however it is quoted
            continue
        alternatives = [_joined(fields, kind, each, shell) for fields in alternatives for each in values]
    for pattern in (each for fields in alternatives for each in fields if each is not None):
        if known and named:
            _match_name(pattern, shell, place, result)
        elif known:
            _match(pattern, tilde, shell, place, result)
        else:
            result.add_unknown(_ESCAPED.sub(r"\1", pattern))


def _source(piece: Piece, following: tuple[Piece, ...]) -> str:
    """As it may be typed between double quotes."""
    if piece.kind in (Kind.UNKNOWN, Kind.LITERAL):
        return piece.text
    goes_on = following and re.match(r"\w", following[0].text)
    return f"${{{piece.text}}}" if goes_on else f"${piece.text}"


def _joined(fields: list[Field], kind: Kind, value: str, shell: Shell) -> list[Field]:
    """The fields with one piece more; unquoted, a variable is split and matched, but not by zsh and fish."""
    *done, last = fields
    if kind is not Kind.SPLIT and (kind is not Kind.VARIABLE or shell.language != "bash"):
        pattern = value if kind is Kind.LITERAL else glob.escape(value)
        stays = pattern or kind in (Kind.QUOTED, Kind.QUOTED_VARIABLE)
        return [*done, (last or "") + pattern if stays else last]
    parts = value.split()
    if value[:1].isspace() and last is not None:
        done, last = [*done, last], None
    if not parts:
        return [*done, last]
    made: list[Field] = [(last or "") + parts[0], *parts[1:]]
    return [*done, *made, *([None] if value[-1:].isspace() else [])]


def _values(piece: Piece, shell: Shell, place: str | None) -> Values:
    if piece.kind is Kind.LITERAL and piece.text.partition("/")[0] in _OF_CD:  # not known, see _home
        return None
    if piece.kind in (Kind.LITERAL, Kind.QUOTED):
        return (piece.text,)
    if piece.kind is Kind.UNKNOWN:
        return shell_parameters.values(piece.text, shell, place)
    return None if piece.text in shell_names.CHANGING else shell.values(piece.text)


def _home(piece: Piece, shell: Shell) -> Values:
    """``~``, ``~+``, ``~-`` and what follows them at the beginning of a word."""
    name, slash, rest = piece.text.partition("/")
    if piece.kind is not Kind.LITERAL or not name.startswith("~"):
        return _equals(piece, shell)
    if name in _OF_CD and shell.language != "fish":
        known = shell.values(_OF_CD[name])
        return tuple(each + slash + rest for each in known) if known and known != ("",) else None
    home = shell.environment.get("HOME", "~") if name == "~" else name
    return (home + slash + rest,)


def _equals(piece: Piece, shell: Shell) -> Values:
    """``=rm`` of zsh: where rm is found (zshexpn(1))."""
    if shell.language != "zsh" or piece.kind is not Kind.LITERAL or piece.text[:1] != "=" or len(piece.text) == 1:
        return None
    return (piece.text[1:],)


def _match(pattern: str, tilde: bool, shell: Shell, place: str | None, result: Expanded) -> None:
    is_pattern = bool(_ACTIVE.search(_ESCAPED.sub("", pattern)))
    plain = _ESCAPED.sub(r"\1", pattern)
    if is_pattern and (_is_beyond_us(pattern) or not shell.patterns or (place is None and not pattern.startswith("/"))):
        result.add_unknown(plain)
    elif is_pattern or (tilde and pattern.startswith("~")):
        found = shell.expand(pattern.replace("[^", "[!"), place or "/")
        if found is None:
            return result.add_unknown(plain)
        result.words += found or (plain,)
    else:
        result.words.append(plain)
    return None


def _match_name(pattern: str, shell: Shell, place: str | None, result: Expanded) -> None:
    """A name of which a part is not known: the entry that it may be, or a new one; of several nobody knows which."""
    found = Expanded()
    _match(pattern, False, shell, place, found)
    if len(found.words) == 1 and not found.unknown:
        result.words += found.words
    else:
        result.add_unknown(_ESCAPED.sub(r"\1", pattern))


def _is_beyond_us(pattern: str) -> bool:
    return len(pattern) > _LONGEST_PATTERN or bool(_NOT_KNOWN_HERE.search(pattern))


def without(word: Word, length: int) -> Word:
    """The word behind its first ``length`` characters, which are literal: the value of NAME=value."""
    first, *rest = word.pieces
    left = replace(first, text=first.text[length:])
    return Word((*([left] if left.text else []), *rest), word.source[length:])
