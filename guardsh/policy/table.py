"""A TOML table that remembers what it was asked for, so that a misspelt key is an error and not a silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from guardsh.model.policy import MoveAside
from guardsh.model.verdict import Decision

T = TypeVar("T")


class MisfitError(ValueError):
    """A value that is not what its key takes; the message goes on after ``KEY: ``."""


class Table:
    """One table of a configuration file. Whatever is wrong is added to ``problems``, and reading goes on."""

    def __init__(self, values: Mapping[str, object], name: str, file: str, problems: list[str]) -> None:
        self.name = name
        self._values = values
        self._file = file
        self._problems = problems
        self._known: dict[str, Table | None] = {}

    def read(self, key: str, default: T, reader: Callable[[object], T]) -> T:
        """The value of ``key`` as ``reader`` takes it; ``default`` where it is missing, or wrong (MisfitError)."""
        self._known[key] = None
        if key not in self._values:
            return default
        try:
            return reader(self._values[key])
        except MisfitError as misfit:
            self.problem(f"{key}: {misfit}")
            return default

    def require(self, key: str, reader: Callable[[object], T]) -> T | None:
        """As ``read``, where there is no default: None after a problem."""
        if key not in self._values:
            self._known[key] = None
            self.problem(f"{key}: missing")
            return None
        none: T | None = None
        return self.read(key, none, reader)

    def table(self, key: str) -> Table:
        """The table below this one; empty where there is none."""
        none: Mapping[str, object] = {}
        values = self.read(key, none, table)
        below = Table(values, f"{self.name}.{key}" if self.name else key, self._file, self._problems)
        self._known[key] = below
        return below

    def blocks(self, key: str) -> Iterator[Table]:
        """The ``[[key]]`` blocks, or the inline tables of a list; each is checked for unknown keys when left."""
        name = f"{self.name}.{key}" if self.name else key
        none: tuple[Mapping[str, object], ...] = ()
        for number, values in enumerate(self.read(key, none, tables), start=1):
            block = Table(values, f"{name} #{number}", self._file, self._problems)
            yield block
            block.close()

    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def forbid(self, key: str, why: str) -> None:
        """This key, or table, has no place in this file."""
        self._known[key] = None
        if key in self._values:
            self.problem(f"{key}: {why}")

    def close(self) -> None:
        """Everything has been asked for: what is left is unknown."""
        for key in self._values:
            if key not in self._known:
                self.problem(f"{key}: no such {self._noun(key)}{_suggestion(key, self._known)}")
        for below in self._known.values():
            if below is not None:
                below.close()

    def problem(self, sentence: str) -> None:
        place = f"[{self.name}] " if self.name else ""
        self._problems.append(f"{self._file}: {place}{sentence}")

    def _noun(self, key: str) -> str:
        return "table" if isinstance(self._values[key], Mapping) else "key"


def _suggestion(key: str, known: Mapping[str, object]) -> str:
    import difflib

    close = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there is {', '.join(known)}" if known else ""


# Readers: each takes what tomllib made of a value, and returns it typed or raises MisfitError.


def table(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise MisfitError(f"{_shown(value)} is not a table")
    return value


def tables(value: object) -> tuple[Mapping[str, object], ...]:
    if not isinstance(value, list):
        raise MisfitError(f"{_shown(value)} is not a list of tables")
    return tuple(table(each) for each in value)


def text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise MisfitError(f"{_shown(value)} is not a text; write it in quotes")
    return value


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise MisfitError(f"{_shown(value)} is not true or false; write it without quotes")
    return value


def path(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("/") or "\0" in value:
        raise MisfitError(f'{_shown(value)} is not an absolute path, such as "/srv/postgresql"')
    return value


def paths(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise MisfitError(f'{_shown(value)} is not a list of paths, such as ["/srv/postgresql"]')
    return tuple(path(each) for each in value)


def decision(value: object) -> Decision:
    """One of the four decisions."""
    return _decision(value, tuple(Decision))


def unasked(value: object) -> Decision:
    """What is left where nobody can be asked."""
    return _decision(value, (Decision.NOTICE, Decision.REFUSE))


def move_aside(value: object) -> MoveAside:
    names = [each.name.lower() for each in MoveAside]
    if value not in names:
        raise MisfitError(f"{_shown(value)} is none of {', '.join(names)}")
    return MoveAside(names.index(str(value)))


def seconds(most: float) -> Callable[[object], float]:
    """A reader of a duration above 0 and up to ``most`` seconds."""

    def reader(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= most:
            raise MisfitError(f"{_shown(value)} is not a number of seconds above 0 and up to {most:g}")
        return float(value)

    return reader


def _decision(value: object, among: tuple[Decision, ...]) -> Decision:
    names = [each.name.lower() for each in among]
    if not isinstance(value, str) or value not in names:
        raise MisfitError(f"{_shown(value)} is not a decision here; write {', '.join(names[:-1])} or {names[-1]}")
    return Decision[value.upper()]


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
