"""What a typed line is made of, above its words: the statements of a shell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from guardsh.commands.shell_tokens import Redirection
from guardsh.commands.shell_words import Word


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments and a command, or either."""

    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class AndOr:
    """``first && … || …``: the others with the operators before them."""

    first: Statement
    others: tuple[tuple[str, Statement], ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    parts: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    body: Statement


@dataclass(frozen=True, slots=True)
class Apart:
    """In a shell of its own: ``( … )``, ``… &``."""

    body: Statement


@dataclass(frozen=True, slots=True)
class Redirected:
    body: Statement
    redirections: tuple[Redirection, ...]


@dataclass(frozen=True, slots=True)
class If:
    condition: Statement
    then: Statement
    otherwise: Statement


@dataclass(frozen=True, slots=True)
class Loop:
    """``while`` and ``until``."""

    condition: Statement
    body: Statement


@dataclass(frozen=True, slots=True)
class For:
    """``words`` is None for those of ``for name``: the positional parameters. ``for ((…))`` has a name that is none."""

    name: Word
    words: tuple[Word, ...] | None
    body: Statement


@dataclass(frozen=True, slots=True)
class Case:
    word: Word
    arms: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    body: Statement


Statement: TypeAlias = (
    Simple | Sequence | AndOr | Pipeline | Negated | Apart | Redirected | If | Loop | For | Case | Function
)
