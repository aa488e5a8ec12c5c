"""How the insurance of data directories goes, as lines."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from guardsh.model.figures import count


class Word(Protocol):
    """A keeper's last word, as remedies have it."""

    @property
    def directory(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def names(self) -> int: ...
    @property
    def files(self) -> int: ...
    @property
    def heals(self) -> int: ...
    @property
    def trouble(self) -> str: ...
    @property
    def written(self) -> float: ...
    @property
    def is_fresh(self) -> bool: ...


def lines(words: Sequence[Word], unkept: Iterable[str]) -> list[str]:
    """One for each insured directory, with coverage and age; ``unkept`` are those that no keeper speaks of."""
    return [*map(_line, words), *(f"insured    {path}: no keeper runs; it is not followed" for path in unkept)]


def _line(word: Word) -> str:
    age = max(0.0, time.time() - word.written)
    figures = f"{count(word.files)} of {count(word.names)} files, {age:.1f} s ago"
    heals = f", {word.heals} {'deletion' if word.heals == 1 else 'deletions'} healed" if word.heals else ""
    how = "" if word.mode == "heal" else f" ({word.mode} only)"
    trouble = f"; {word.trouble}" if word.trouble else ""
    stale = "" if word.is_fresh else "; its keeper does not answer"
    return f"insured    {word.directory}{how}: {figures}{heals}{trouble}{stale}"
