"""A shell in the middle of a line: where it is and what it knows, as far as that is known before the line runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from guardsh.commands.shell_statements import Statement

# Existing entries that a pattern matches, seen from a directory; a pattern without wildcards matches what is there.
# None where that cannot be known.
Expand: TypeAlias = Callable[[str, str], tuple[str, ...] | None]
Values: TypeAlias = tuple[str, ...] | None  # all that it may be; None where that is not known

_MOST_PLACES = 16
_MOST_VALUES = 4096
_MOST_CHARACTERS = 1 << 16  # of all values of a variable
_PARAMETERS = frozenset("@*#?!$-0123456789")


@dataclass(slots=True)
class Shell:
    """``places`` are the directories in which it may be. ``environment`` is what commands get. ``complete``: a name
    that is in neither has no value, rather than one that we were not told. ``functions`` are those of the line."""

    places: Values
    environment: dict[str, str]
    variables: dict[str, Values]
    aliases: Mapping[str, str]
    expand: Expand
    complete: bool = True
    language: str = "bash"
    comments: bool = True  # zsh has none at the prompt, unless an option is set
    functions: dict[str, tuple[Statement, ...]] = field(default_factory=dict)
    patterns: bool = True  # they match as in a shell in which no option was changed
    exported: frozenset[str] = frozenset()  # names that were in the environment, and have no single value now

    def values(self, name: str) -> Values:
        if name == "_":  # the last word of the command before, whatever the environment says
            return None
        if name in self.variables:
            return self.variables[name]
        if name in self.environment:
            return (self.environment[name],)
        return ("",) if self.complete and name not in _PARAMETERS else None

    def assign(self, name: str, values: Values) -> None:
        self.variables[name] = values if values is None or _is_kept(values) else None
        if name in self.environment:
            self.export(name)

    def export(self, name: str) -> None:
        values = self.values(name)
        if values is not None and len(values) == 1:
            self.environment[name] = values[0]
        else:
            self.environment.pop(name, None)
            self.exported |= {name}

    def inherited(self) -> dict[str, Values]:
        """Variables that a command gets whose one value is not known."""
        return {name: self.values(name) for name in self.exported if name not in self.environment}

    def copy(self) -> Shell:
        return replace(
            self,
            environment=dict(self.environment),
            variables=dict(self.variables),
            functions=dict(self.functions),
        )

    def at(self, places: Values) -> Shell:
        return replace(self.copy(), places=places)


def merge(one: Shell | None, other: Shell | None) -> Shell | None:
    """A shell that may be either; None is one that cannot come about."""
    if one is None or other is None or one is other:
        return one or other
    same = {key: value for key, value in one.environment.items() if other.environment.get(key) == value}
    return replace(
        one,
        places=_places(one.places, other.places),
        patterns=one.patterns and other.patterns,
        environment=same,
        exported=one.exported
        | other.exported
        | (one.environment.keys() ^ same.keys())
        | (other.environment.keys() - same.keys()),
        variables={key: _either(one.values(key), other.values(key)) for key in _names(one, other)},
        functions={
            key: tuple(dict.fromkeys((*one.functions.get(key, ()), *other.functions.get(key, ()))))
            for key in {**one.functions, **other.functions}
        },
    )


def widen(before: Shell, after: Shell) -> Shell:
    """What a loop changes is not known when it begins once more."""
    changed = (name for name in _names(before, after) if before.values(name) != after.values(name))
    merged = merge(before, after) or after
    return replace(
        merged,
        places=before.places if before.places == after.places else None,
        variables={**merged.variables, **dict.fromkeys(changed)},
    )


def _is_kept(values: tuple[str, ...]) -> bool:
    return len(values) <= _MOST_VALUES and sum(map(len, values)) <= _MOST_CHARACTERS


def _names(one: Shell, other: Shell) -> dict[str, None]:
    changed = one.environment.items() ^ other.environment.items()
    return dict.fromkeys((*one.variables, *other.variables, *(name for name, _ in changed)))


def _either(one: Values, other: Values) -> Values:
    if one is None or other is None:
        return None
    both = tuple(dict.fromkeys((*one, *other)))
    return both if _is_kept(both) else None


def _places(one: Values, other: Values) -> Values:
    both = _either(one, other)
    return both if both is not None and len(both) <= _MOST_PLACES else None
