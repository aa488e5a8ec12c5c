"""The words of a typed line, each as the pieces that quoting makes of it.

What a word stands for only while the line runs (a substitution, an array, arithmetic) is kept as an unknown piece,
with the command line inside it, and never dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    LITERAL = "literal"  # unquoted: globs, braces and ~ are active
    QUOTED = "quoted"
    VARIABLE = "variable"  # its text is the name
    QUOTED_VARIABLE = "quoted variable"
    SPLIT = "split variable"  # $=NAME of zsh
    UNKNOWN = "unknown"  # known only when the line runs; its text is the source


@dataclass(frozen=True, slots=True)
class Piece:
    """``inner`` are the command lines inside a substitution, one on each line."""

    kind: Kind
    text: str
    inner: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """``start`` and ``end`` are where it stands in the text; ``begins``: there it is a reserved word, if it is spelled
    like one."""

    pieces: tuple[Piece, ...]
    source: str
    start: int = 0
    end: int = 0
    begins: bool = False

    @property
    def plain(self) -> str | None:
        """The text where nothing of it is quoted or expanded: only such a word is a keyword or an alias."""
        if all(piece.kind is Kind.LITERAL for piece in self.pieces):
            return "".join(piece.text for piece in self.pieces)
        return None

    @property
    def unquoted(self) -> str:
        """Its text without quotes, as the end of a here-document is compared."""
        return "".join(piece.text for piece in self.pieces)


class UnreadableError(Exception):
    """The text nests too deeply to be read."""


def merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Neighbours of one kind become one piece."""
    result: list[Piece] = []
    for piece in pieces:
        if result and piece.kind is result[-1].kind and piece.kind in (Kind.LITERAL, Kind.QUOTED):
            result[-1] = Piece(piece.kind, result[-1].text + piece.text)
        else:
            result.append(piece)
    return tuple(result)


def unbraced(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """``{$NAME}`` of fish is ``$NAME``."""
    made = list(pieces)
    for at in range(1, len(made) - 1):
        before, variable, behind = made[at - 1 : at + 2]
        literal = before.kind is behind.kind is Kind.LITERAL
        if literal and variable.kind is Kind.VARIABLE and before.text[-1:] == "{" and behind.text[:1] == "}":
            made[at - 1], made[at + 1] = Piece(Kind.LITERAL, before.text[:-1]), Piece(Kind.LITERAL, behind.text[1:])
    return tuple(piece for piece in made if piece.text or piece.kind is not Kind.LITERAL)
