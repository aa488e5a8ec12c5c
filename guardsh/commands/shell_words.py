"""A typed line cut into words and operators, as far as every shell agrees on it.

Simple and conservative: what a word stands for only while the line runs (a substitution, an array, arithmetic) is
kept as an unknown piece, never dropped. POSIX.1 2.2 to 2.10 are the base; zsh and fish differ where it says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_BLANK = " \t\r"
_OPERATORS = ("&&", "||", ";;&", ";;", ";&", "|&", "&|", "&!", ";", "&", "|", "\n", ")")
_REDIRECTIONS = ("&>>", "&>", "<<<", "<<-", "<<", "<>", "<&", ">>", ">&", ">|", ">", "<")
_HERE_DOCUMENTS = ("<<", "<<-")
_DESCRIPTOR = re.compile(r"[0-9]+|\{\w+\}")
_MODIFIER = re.compile(r":[A-Za-z&]")  # zsh: $x:h
_VARIABLE = re.compile(r"[=~^]?([A-Za-z_][A-Za-z0-9_]*)")  # zsh: $=x is split into words


class Kind(Enum):
    LITERAL = "literal"  # unquoted: blanks end it, globs and ~ are active
    QUOTED = "quoted"
    VARIABLE = "variable"  # its text is the name
    QUOTED_VARIABLE = "quoted variable"
    UNKNOWN = "unknown"  # known only when the line runs; its text is the source


@dataclass(frozen=True, slots=True)
class Piece:
    """``inner`` is the command line inside a substitution."""

    kind: Kind
    text: str
    inner: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    pieces: tuple[Piece, ...]
    source: str

    @property
    def plain(self) -> str | None:
        """The text where nothing of it is quoted or expanded: only such a word is a keyword or an alias."""
        if all(piece.kind is Kind.LITERAL for piece in self.pieces):
            return "".join(piece.text for piece in self.pieces)
        return None


@dataclass(frozen=True, slots=True)
class Operator:
    """``;``, ``&&``, ``|``, a newline, ``(``, ``)`` …; redirections have been taken out."""

    text: str


@dataclass(frozen=True, slots=True)
class Aside:
    """The command lines of the substitutions in what is no word of a command: a redirection's, a here-document."""

    inner: str


Token = Word | Operator | Aside


def tokens(text: str) -> Iterator[Token]:
    """The words and operators of a line. Comments, redirections with their words, and here-documents are left out, but
    for what is run inside them."""
    return _Lexer(text.replace("\\\n", "")).tokens()


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.awaited: list[Word] = []  # the ends of here-documents that begin after this line
        self.passed: list[str] = []  # command lines in what has been passed over
        self.begun = False  # a word of the present command has been read

    def tokens(self) -> Iterator[Token]:
        while self.at < len(self.text):
            token = self._next()
            yield from map(Aside, filter(None, self.passed))
            self.passed.clear()
            if token is not None:
                self.begun = isinstance(token, Word)
                yield token

    def _next(self) -> Token | None:
        character = self.text[self.at]
        if character in _BLANK:
            self.at += 1
        elif character == "#":
            self.at = self._find("\n", self.at)
        elif character == "(" and not self.begun:
            self.at += 1
            return Operator("(")
        elif self._starts_substitution():
            return self._word()
        elif redirection := self._starting(_REDIRECTIONS):
            self._skip_redirection(redirection)
        elif operator := self._starting(_OPERATORS):
            self.at += len(operator)
            if operator == "\n":
                self._skip_here_documents()
            return Operator(operator)
        else:
            return self._word_or_descriptor()
        return None

    def _starting(self, marks: tuple[str, ...]) -> str:
        return next((mark for mark in marks if self.text.startswith(mark, self.at)), "")

    def _starts_substitution(self) -> bool:
        return self.text.startswith(("<(", ">("), self.at)

    def _find(self, mark: str, start: int) -> int:
        found = self.text.find(mark, start)
        return len(self.text) if found < 0 else found

    # redirections and here-documents

    def _skip_redirection(self, mark: str) -> None:
        self.at += len(mark)
        while self.at < len(self.text) and self.text[self.at] in _BLANK:
            self.at += 1
        if self.at < len(self.text) and self.text[self.at] not in ";|\n)":
            word = self._word()
            if mark in _HERE_DOCUMENTS:
                self.awaited.append(word)
            else:
                self.passed += [piece.inner for piece in word.pieces]

    def _skip_here_documents(self) -> None:
        """A document that does not end is no reason to take the rest of the line for data."""
        for word in self.awaited:
            end = re.escape("".join(piece.text for piece in word.pieces))
            found = re.compile(rf"^\t*{end}\t*$", re.MULTILINE).search(self.text, self.at)
            if found and word.plain is not None:
                self.passed.append(_substituted(self.text[self.at : found.start()]))
            self.at = found.end() + 1 if found else self.at
        self.awaited.clear()

    def _word_or_descriptor(self) -> Word | None:
        """The 2 of ``2>&1``, and the {name} of ``{name}>file``, are no words."""
        word = self._word()
        if _DESCRIPTOR.fullmatch(word.source) and self.at < len(self.text) and self.text[self.at] in "<>":
            return None
        return word

    # words

    def _word(self) -> Word:
        begin = self.at
        pieces: list[Piece] = []
        while self.at < len(self.text) and not self._ends_word(begin):
            pieces += self._pieces()
        return Word(_merged(pieces), self.text[begin : self.at])

    def _ends_word(self, begin: int) -> bool:
        character = self.text[self.at]
        if character == "(":  # a substitution of fish, a glob of zsh or extglob, a function's name
            return False
        if character in "<>" and self.at == begin and self._starts_substitution():
            return False
        return character in _BLANK or character in ";&|\n)<>"

    def _pieces(self) -> list[Piece]:
        return self._double() if self.text[self.at] == '"' else [self._piece()]

    def _piece(self) -> Piece:
        character = self.text[self.at]
        if character == "'":
            return self._single()
        if character == "\\":
            self.at += 2
            return Piece(Kind.QUOTED, self.text[self.at - 1 : self.at])
        if character in "$`":
            return self._dollar_or_backtick(Kind.VARIABLE)
        if character in "(<>":
            return self._parenthesis(self.at + (character != "("))
        self.at += 1
        return Piece(Kind.LITERAL, character)

    def _single(self) -> Piece:
        end = self._find("'", self.at + 1)
        text, self.at = self.text[self.at + 1 : end], min(end + 1, len(self.text))
        return Piece(Kind.QUOTED, text)

    def _double(self) -> list[Piece]:
        self.at += 1
        parts = [Piece(Kind.QUOTED, "")]
        while self.at < len(self.text) and self.text[self.at] != '"':
            parts.append(self._inside_double())
        self.at += 1
        return parts

    def _inside_double(self) -> Piece:
        character = self.text[self.at]
        if character in "$`":
            return self._dollar_or_backtick(Kind.QUOTED_VARIABLE)
        if character == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\"):
            self.at += 1
        self.at += 1
        return Piece(Kind.QUOTED, self.text[self.at - 1])

    def _dollar_or_backtick(self, variable: Kind) -> Piece:
        begin = self.at
        if self.text[begin] == "`":
            end = self._find("`", begin + 1)
            self.at = min(end + 1, len(self.text))
            return Piece(Kind.UNKNOWN, self.text[begin : self.at], self.text[begin + 1 : end])
        following = self.text[begin + 1 : begin + 2]
        if following == "(":
            return self._parenthesis(begin + 1)
        if following == "{":
            return self._braced(variable)
        if following == "'" and variable is Kind.VARIABLE:
            return self._escaped()
        if following == '"' and variable is Kind.VARIABLE:  # $"…" is translated
            self.at += 1
            return Piece(Kind.QUOTED, "")
        return self._named(variable)

    def _named(self, variable: Kind) -> Piece:
        begin = self.at + 1
        if found := _VARIABLE.match(self.text, begin):
            self.at = found.end()
            return Piece(Kind.UNKNOWN if _MODIFIER.match(self.text, self.at) else variable, found[1])
        if self.text[begin : begin + 1] in tuple("@*#?!$-0123456789"):
            self.at = begin + 1
            return Piece(Kind.UNKNOWN, self.text[begin - 1 : self.at])
        self.at = begin
        return Piece(Kind.QUOTED, "$")

    def _braced(self, variable: Kind) -> Piece:
        end = self._balanced(self.at + 1, "{", "}")
        source, self.at = self.text[self.at : end], end
        if found := _VARIABLE.fullmatch(source[2:-1]):
            return Piece(variable, found[1])
        return Piece(Kind.UNKNOWN, source, _substituted(source[2:]))

    def _escaped(self) -> Piece:
        """$'…' of bash, zsh and fish."""
        begin = self.at
        self.at += 2
        while self.at < len(self.text) and self.text[self.at] != "'":
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at += 1
        source = self.text[begin : self.at]
        return Piece(Kind.UNKNOWN if "\\" in source else Kind.QUOTED, source if "\\" in source else source[2:-1])

    def _parenthesis(self, opening: int) -> Piece:
        begin, end = self.at, self._balanced(opening, "(", ")")
        self.at = end
        inner = self.text[opening + 1 : end].removesuffix(")")
        inner = _substituted(inner) if inner.startswith("(") else inner  # arithmetic
        return Piece(Kind.UNKNOWN, self.text[begin:end], inner)

    def _balanced(self, opening: int, begins: str, ends: str) -> int:
        """Behind what closes ``opening``; quotes inside are passed over, an end that is missing is the line's."""
        depth, position, quote = 0, opening, ""
        while position < len(self.text):
            character = self.text[position]
            position += 1
            if character == "\\" and quote != "'":
                position += 1
            elif quote or character in "'\"":
                quote = "" if character == quote else quote or character
            elif character == begins:
                depth += 1
            elif character == ends:
                depth -= 1
                if depth == 0:
                    return position
        return len(self.text)


def _substituted(text: str) -> str:
    """The command lines of the substitutions in a text that is read as if in double quotes."""
    lexer, inner = _Lexer(text), list[str]()
    while lexer.at < len(text):
        inner.append(lexer._inside_double().inner)
    return "\n".join(filter(None, inner))


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbours of one kind become one piece."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and piece.kind is merged[-1].kind and piece.kind in (Kind.LITERAL, Kind.QUOTED):
            merged[-1] = Piece(piece.kind, merged[-1].text + piece.text)
        else:
            merged.append(piece)
    return tuple(merged)
