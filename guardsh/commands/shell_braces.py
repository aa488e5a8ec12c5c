"""Brace expansion, {a,b} and {1..3}: before anything else a word becomes several (bash(1), Brace Expansion)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from guardsh.commands.shell_words import Kind, Piece, Word, merged

Atom: TypeAlias = str | Piece  # a character that is active, or what is not

_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")
_MOST = 4096
_MOST_BRACES = 256


class TooManyError(Exception):
    """More words than anybody reads."""


def expanded(word: Word) -> list[tuple[Piece, ...]]:
    """The pieces of each word that it becomes, in order. Raises TooManyError."""
    if not any(piece.kind is Kind.LITERAL and "{" in piece.text for piece in word.pieces):
        return [word.pieces]
    atoms: list[Atom] = []
    for piece in word.pieces:
        atoms += piece.text if piece.kind is Kind.LITERAL else [piece]
    if atoms.count("{") > _MOST_BRACES:
        raise TooManyError
    return [_pieces(each) for each in _expand(atoms)]


def _expand(atoms: list[Atom]) -> list[list[Atom]]:
    for begin, atom in enumerate(atoms):
        found = _group(atoms, begin) if atom == "{" else None
        if found is None:
            continue
        end, inside = found
        heads = [atoms[:begin] + part for each in inside for part in _expand(each)]
        tails = _expand(atoms[end:])
        if len(heads) * len(tails) > _MOST:
            raise TooManyError
        return [head + tail for head in heads for tail in tails]
    return [atoms]


def _group(atoms: list[Atom], begin: int) -> tuple[int, list[list[Atom]]] | None:
    """Behind the brace that closes the one at ``begin``, and what stands between its commas; None where it is no
    expansion."""
    depth, parts = 0, [list[Atom]()]
    for position in range(begin, len(atoms)):
        atom = atoms[position]
        depth += (atom == "{") - (atom == "}")
        if depth == 0:
            alternatives = parts if len(parts) > 1 else _range(parts[0])
            return (position + 1, alternatives) if alternatives else None
        if atom == "," and depth == 1:
            parts.append([])
        elif position > begin:
            parts[-1].append(atom)
    return None


def _range(atoms: list[Atom]) -> list[list[Atom]]:
    text = "".join(atom if isinstance(atom, str) else "\0" for atom in atoms)
    found = _RANGE.fullmatch(text)
    if found is None or found[1].isalpha() is not found[2].isalpha():
        return []
    return [list(each) for each in _counted(*found.groups())]


def _counted(first: str, last: str, step: str | None) -> Iterator[str]:
    by = abs(int(step or 1)) or 1
    if first.isalpha():
        start, end = ord(first), ord(last)
    else:
        start, end = int(first), int(last)
    if abs(end - start) // by > _MOST:
        raise TooManyError
    padded = not first.isalpha() and any(re.match(r"-?0\d", each) for each in (first, last))
    width = max(len(first), len(last)) if padded else 0
    for number in range(start, end + (1 if end >= start else -1), by if end >= start else -by):
        yield chr(number) if first.isalpha() else f"{number:0{width}d}"


def _pieces(atoms: list[Atom]) -> tuple[Piece, ...]:
    return merged(Piece(Kind.LITERAL, atom) if isinstance(atom, str) else atom for atom in atoms)
