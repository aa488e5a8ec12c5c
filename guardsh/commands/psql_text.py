"""A text on its way through psql: SQL statements and backslash commands, told apart as psqlscan.l does (9.6 to 18)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Statement:
    """``text`` has its comments blanked, ``bare`` its strings, too; both have the same length."""

    text: str
    bare: str

    def __bool__(self) -> bool:
        return bool(self.bare.strip())


@dataclass(frozen=True, slots=True)
class Backslash:
    """``\\name rest``, and the statement that stood before it and has not been ended."""

    name: str
    rest: str
    query: Statement

    @property
    def arguments(self) -> tuple[str, ...]:
        """Its words, without quotes (psqlscanslash.l)."""
        found = _ARGUMENT.finditer(self.rest)
        return tuple(next(text for text in match.groups() if text is not None) for match in found)


Piece: TypeAlias = Statement | Backslash

_PIECE = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*)
  | (?P<string>[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z) | '(?:[^']|'')*(?:'|\Z)
             | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
  | (?P<identifier>"(?:[^"]|"")*(?:"|\Z))
  | (?P<variable>:(?:(?P<plain>\w+)|'(?P<literal>\w+)'|"(?P<quoted>\w+)"))
  | \\(?P<escaped>[;:])
  | (?P<backslash>\\)
  | (?P<end>;)
  | (?P<word>[^\W\d][\w$]*)
  | ::|\w+|[^\w\s]|\s+
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")
_COMMAND = re.compile(r"\\([!?]|[^\s\\|!]*)")
_ARGUMENTS = re.compile(r"(?:'(?:[^'\\\n]|''|\\.)*'|\"[^\"\n]*\"|`[^`\n]*`|[^\\\n])*")
_ARGUMENT = re.compile(r"'((?:[^'\\]|''|\\.)*)'|\"([^\"]*)\"|`([^`]*)`|([^\s'\"`]+)")
_WHOLE_LINE = frozenset({"!", "copy", "ef", "ev", "help", "h", "?"})
_DATA_FOLLOWS = re.compile(r"\s*copy\b.*\bfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)
_END_OF_DATA = re.compile(r"^\\\.\r?$", re.MULTILINE)
# These send what stands before them; the others leave it there, and go on.
_SENDS = ("bind", "bind_named", "crosstabview", "g", "gdesc", "gexec", "gset", "gx", "parse", "sendpipeline", "watch")
_MOST_VARIABLES = 10_000  # taken in; a text could double itself


def read(text: str, variables: Mapping[str, str]) -> Iterator[Piece]:
    """What psql would run, in order. Variables of psql (``-v``, ``\\set``) that are known are put in."""
    return _Scanner(text, dict(variables)).pieces()


def statements(text: str) -> Iterator[Statement]:
    """The statements alone; of any text there is at least one, which may be empty."""
    return (piece for piece in read(text, {}) if isinstance(piece, Statement))


class _Scanner:
    def __init__(self, text: str, variables: dict[str, str]) -> None:
        self.text = text
        self.position = 0
        self.variables = variables
        self.outer: list[tuple[str, int]] = []  # where a variable's value is being read
        self.taken = 0
        self._begin()

    def _begin(self) -> None:
        self.code: list[str] = []
        self.bare: list[str] = []
        self.depth = 0  # of brackets
        self.body = 0  # of BEGIN ATOMIC … END, and of CASE … END in it
        self.begins = ""  # initials of the first words

    def pieces(self) -> Iterator[Piece]:
        while match := self._next():
            if match["escaped"] == ";" or (match["end"] and self.depth <= 0 and not self.body):
                yield self._ended()
            elif match["backslash"]:
                yield from self._command(match.start())
            else:
                self._take(match)
        yield self._ended()

    def _next(self) -> re.Match[str] | None:
        """The next piece, in what a variable stands for first."""
        while self.position >= len(self.text) and self.outer:
            self.text, self.position = self.outer.pop()
        match = _PIECE.match(self.text, self.position)
        self.position = match.end() if match else len(self.text)
        return match

    def _take(self, match: re.Match[str]) -> None:
        found = match[0]
        if match["variable"]:
            self._variable(match)
        elif match["comment"]:
            end = _end_of_comment(self.text, match.end()) if found == "/*" else match.end()
            self._add(" " * (end - match.start()))
            self.position = end
        elif match["string"]:
            self._add(found, f"'{' ' * (len(found) - 2)}'" if len(found) > 1 else found)
        else:
            self.depth += {"(": 1, ")": -1}.get(found, 0)
            self._add(found)
            if match["word"]:
                self._word(found.lower())

    def _word(self, word: str) -> None:
        """The body of a function in SQL (14 and newer) has statements of its own."""
        if len(self.begins) < len("corf"):
            self.begins += word[0]
        if self.depth <= 0 and self.begins.startswith(("cf", "cp", "corf", "corp")):
            if word == "begin" or (word == "case" and self.body):
                self.body += 1
            elif word == "end" and self.body:
                self.body -= 1

    def _add(self, code: str, bare: str | None = None) -> None:
        self.code.append(code)
        self.bare.append(code if bare is None else bare)

    def _variable(self, match: re.Match[str]) -> None:
        value = self.variables.get(match["plain"] or match["literal"] or match["quoted"])
        if value is None or self.taken >= _MOST_VARIABLES:
            self._add(match[0])
        elif match["literal"]:
            self._add(f"'{value}'", f"'{' ' * len(value)}'")
        elif match["quoted"]:
            self._add(f'"{value}"')
        else:
            self.taken += 1
            self.outer.append((self.text, self.position))
            self.text, self.position = value, 0

    def _ended(self) -> Statement:
        """The statement read so far; after COPY … FROM STDIN its data is passed over."""
        statement = Statement("".join(self.code), "".join(self.bare))
        self._begin()
        if not self.outer and _DATA_FOLLOWS.match(statement.bare):
            end = _END_OF_DATA.search(self.text, self.position)
            self.position = end.end() if end else len(self.text)
        return statement

    def _command(self, start: int) -> Iterator[Piece]:
        found = _COMMAND.match(self.text, start)
        assert found is not None
        name = found[1]
        rest = _ARGUMENTS.match(self.text, found.end())
        end = rest.end() if rest else found.end()
        if name in _WHOLE_LINE or self.text[found.end() : end].lstrip().startswith("|"):
            newline = self.text.find("\n", found.end())
            end = len(self.text) if newline < 0 else newline
        self.position = end + 2 if self.text.startswith("\\\\", end) else end
        if name in ("r", "reset"):
            self._begin()
        query = Statement("".join(self.code), "".join(self.bare))
        if name in _SENDS:
            yield self._ended()
        command = Backslash(name, self.text[found.end() : end].strip(), query)
        self._set(command)
        yield command

    def _set(self, command: Backslash) -> None:
        words = command.arguments
        if command.name == "set" and words:
            self.variables[words[0]] = "".join(words[1:])


def _end_of_comment(text: str, position: int) -> int:
    """Comments of SQL nest."""
    depth = 1
    for mark in _COMMENT_MARK.finditer(text, position):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    return len(text)
