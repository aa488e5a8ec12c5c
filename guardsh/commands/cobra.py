"""Command lines of Go programs: cobra's way to the verb (command.go, Find), pflag's way with options (flag.go)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from guardsh.commands.grammar import CommandLine, Grammar, Option, Reader, Value

V = TypeVar("V")

# strconv.ParseBool
_FALSE = ("0", "f", "F", "false", "FALSE", "False")
_TRUE = ("1", "t", "T", "true", "TRUE", "True")


@dataclass(frozen=True, slots=True)
class Verb(Generic[V]):
    """A verb with its own options. ``meaning`` is the command's; None where the verb is harmless."""

    options: Grammar
    meaning: V | None


@dataclass(frozen=True, slots=True)
class Group(Generic[V]):
    """Verbs below a verb, or below the program; the options here hold for all of them."""

    options: Grammar
    verbs: Mapping[str, Group[V] | Verb[V]]


@dataclass(frozen=True, slots=True)
class Found(Generic[V]):
    """``verb`` is None where the words after ``path`` name none."""

    path: tuple[str, ...]
    verb: Verb[V] | None
    line: CommandLine


def find(program: Group[V], words: Sequence[str], settings: tuple[str, ...]) -> Found[V]:
    """The verb, wherever it stands, and everything else as its options and operands.

    ``settings`` are beginnings of long options that take a value and are too many to list.
    """
    path: list[str] = []
    rest, group, options = list(words), program, dict(program.options)
    while True:
        position = _verb_position(group, options, rest, settings)
        verb = group.verbs.get(rest[position]) if position is not None else None
        if position is None or verb is None:
            return Found(tuple(path), None, read(options, rest, settings))
        path.append(rest.pop(position))
        options |= verb.options
        if isinstance(verb, Verb):
            return Found(tuple(path), verb, read(options, rest, settings))
        group = verb


def _verb_position(group: Group[V], options: Grammar, words: Sequence[str], settings: tuple[str, ...]) -> int | None:
    """Where the verb stands. An option not known at this level takes the next word, even if it is a flag of the verb
    (stripFlags, command.go); but a verb that is not harmless is not lost to an option that nobody knows."""
    position = 0
    while position < len(words) and words[position] != "--":
        word = words[position]
        if word and not word.startswith("-"):
            return position
        following = group.verbs.get(words[position + 1]) if position + 1 < len(words) else None
        grave = isinstance(following, Group) or (following is not None and following.meaning is not None)
        known = word in options or word.startswith(settings)
        position += 2 if _takes_next(word, options) and (known or not grave) else 1
    return None


def _takes_next(word: str, options: Grammar) -> bool:
    if "=" in word or not (word.startswith("--") or len(word) == 2):
        return False
    return word not in options or options[word].value is Value.REQUIRED


def read(options: Grammar, words: Sequence[str], settings: tuple[str, ...]) -> CommandLine:
    """Options and operands as pflag takes them: no abbreviations; ``--flag=false`` for a boolean."""
    return Pflag(options, words, settings).read(permute=True)


def on(line: CommandLine, name: str) -> bool:
    """Whether a boolean option holds at the end; a value that is no boolean counts as true."""
    given = [value for option, value in line.options if option == name]
    return bool(given) and given[-1] not in _FALSE


def true(value: str) -> bool:
    """Whether a setting's text is true to Go."""
    return value in _TRUE


class Pflag(Reader):
    """github.com/spf13/pflag, FlagSet.parseArgs."""

    def __init__(self, grammar: Grammar, words: Sequence[str], settings: tuple[str, ...]) -> None:
        super().__init__(grammar, words)
        self.settings = settings

    def long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        option = self.grammar.get(name)
        if option is None and name.startswith(self.settings):
            option = Option(name, Value.REQUIRED)
        if option is None:
            self.doubt(f"unknown option {name}")
        elif equals or option.value is Value.NONE:
            self.add(option, value if equals else None)
        else:
            self.add_with_next_word(option)

    def cluster(self, letters: str) -> None:
        for position, letter in enumerate(letters, 1):
            option, rest = self.grammar.get("-" + letter), letters[position:]
            if option is None:
                self.doubt(f"unknown option -{letter}")
            elif rest.startswith("="):
                return self.add(option, rest[1:])
            elif option.value is Value.NONE:
                self.add(option, None)
            elif rest:
                return self.add(option, rest)
            else:
                return self.add_with_next_word(option)
        return None
