"""A command's options, declared as its manual lists them, and the reading of words by such a declaration.

``read`` is getopt_long(3) of glibc, which GNU and PostgreSQL's tools use; ``guardsh.commands.cobra`` is Go's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum


class Value(Enum):
    """Whether an option takes a value; an optional one only within the same word (``--interactive=once``)."""

    NONE = "none"
    REQUIRED = "required"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Option:
    """``name`` is its last spelling in the declaration, which all its other spellings mean."""

    name: str
    value: Value


Grammar = Mapping[str, Option]  # by spelling, hyphens included


def declare(*lines: str) -> Grammar:
    """A grammar, from lines as in a manual page.

    >>> declare("-D, --pgdata=DIR")["-D"]
    Option(name='--pgdata', value=<Value.REQUIRED: 'required'>)
    >>> declare("-p PATH", "--interactive[=WHEN]")["--interactive"].value
    <Value.OPTIONAL: 'optional'>
    """
    return dict(entry for line in lines for entry in _spellings(line))


def _spellings(line: str) -> Iterator[tuple[str, Option]]:
    names, argument = line, Value.NONE
    for mark, value in (("[=", Value.OPTIONAL), ("=", Value.REQUIRED)):
        if mark in names:
            names, argument = names.partition(mark)[0], value
    spellings = names.split(", ")
    last, space, _ = spellings[-1].partition(" ")
    option = Option(last, Value.REQUIRED if space else argument)
    return ((spelling, option) for spelling in (*spellings[:-1], last))


@dataclass(frozen=True, slots=True)
class CommandLine:
    """``options`` in the order given, with their values; ``doubts`` are sentences about words not understood.

    An option that is not understood is taken to have no value, so that a word after it counts as an operand too.
    """

    options: tuple[tuple[str, str | None], ...]
    operands: tuple[str, ...]
    doubts: tuple[str, ...]

    def given(self, *names: str) -> bool:
        return any(option in names for option, _ in self.options)

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for option, value in self.options if option == name and value is not None)

    def value(self, name: str) -> str | None:
        """The last value given, which is the one that counts."""
        return next(reversed(self.values(name)), None)


class Reader(ABC):
    """Words on their way to a ``CommandLine``. How long options and clusters of letters are read differs between
    libraries; both may take the next word from ``words``."""

    def __init__(self, grammar: Grammar, words: Iterable[str]) -> None:
        self.grammar = grammar
        self.words = iter(words)
        self.options: list[tuple[str, str | None]] = []
        self.operands: list[str] = []
        self.doubts: dict[str, None] = {}  # a set that keeps its order

    @abstractmethod
    def long(self, word: str) -> None: ...

    @abstractmethod
    def cluster(self, letters: str) -> None: ...

    def read(self, *, permute: bool) -> CommandLine:
        for word in self.words:
            if word == "--":
                break
            if word.startswith("--"):
                self.long(word)
            elif word.startswith("-") and word != "-":
                self.cluster(word[1:])
            else:
                self.operands.append(word)
                if not permute:
                    break
        self.operands.extend(self.words)
        return CommandLine(tuple(self.options), tuple(self.operands), tuple(self.doubts))

    def add(self, option: Option, value: str | None) -> None:
        self.options.append((option.name, value))

    def add_with_next_word(self, option: Option) -> None:
        value = next(self.words, None)
        if value is None:
            self.doubt(f"option {option.name} without a value")
        self.add(option, value)

    def doubt(self, sentence: str) -> None:
        self.doubts[sentence] = None


class Getopt(Reader):
    """getopt_long(3): unambiguous prefixes of long options (``--recurs``), letters in clusters (``-mi``, ``-D/x``)."""

    def long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        meant = self._meant(name)
        if len(meant) != 1:
            return self.doubt(f"{'ambiguous' if meant else 'unknown'} option {name}")
        option = meant.pop()
        if equals and option.value is Value.NONE:
            self.doubt(f"option {option.name} with a value")
        if equals or option.value is not Value.REQUIRED:
            return self.add(option, value if equals else None)
        return self.add_with_next_word(option)

    def _meant(self, name: str) -> set[Option]:
        if name in self.grammar:
            return {self.grammar[name]}
        return {option for spelling, option in self.grammar.items() if len(name) > 2 and spelling.startswith(name)}

    def cluster(self, letters: str) -> None:
        for position, letter in enumerate(letters, 1):
            option, rest = self.grammar.get("-" + letter), letters[position:]
            if option is None:
                self.doubt(f"unknown option -{letter}")
            elif option.value is Value.NONE:
                self.add(option, None)
            elif rest or option.value is Value.OPTIONAL:
                return self.add(option, rest or None)
            else:
                return self.add_with_next_word(option)
        return None


def read(grammar: Grammar, words: Iterable[str], *, permute: bool = True) -> CommandLine:
    """The words after a program's name, as getopt_long(3) takes them.

    ``permute``: operands may stand among options, until ``--``; False for tools that end their options at the first
    operand, and where POSIXLY_CORRECT is set.
    """
    return Getopt(grammar, words).read(permute=permute)
