"""Reads words by the quoting of shells, on almost all of which they agree.

POSIX.1 2.2 and 2.6 are the base; bash, zsh and fish differ where it says so.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable

from guardsh.commands.shell_escapes import decoded
from guardsh.commands.shell_words import Kind, Piece, Word, merged, unbraced

BLANK = " \t\r"
_ENDS = frozenset(BLANK + ";&|\n)<>")
_PLAIN = re.compile(r"[^\s;&|)<>('\"\\$`]+")
_PLAIN_INSIDE = re.compile(r"[^\"\\$`]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = frozenset("@*#?!$-0123456789")
_FISH_SINGLE = re.compile(r"'((?:[^'\\]|\\.|\\\Z)*)('?)", re.DOTALL)
_FISH_ESCAPE = re.compile(r"\\([\\'])")
_SPLIT = re.compile(r"=([A-Za-z_]\w*)|\{=([A-Za-z_]\w*)\}")  # behind $, of zsh
_MODIFIED = re.compile(r":[a-zA-Z]")  # $NAME:h of zsh
_MOST_TRIES = 64


class WordReader(ABC):
    """Reads words at ``at``. ``language`` is bash, zsh or fish: in fish a bare parenthesis is a command substitution,
    elsewhere a pattern or an array."""

    def __init__(self, text: str, language: str = "bash", at: int = 0) -> None:
        self.text = text
        self.language = language
        self.at = at
        self.tries = 0  # at arithmetic, each of which may look through all of the text
        self.complete = True  # no quote or parenthesis is left open

    @abstractmethod
    def command_line(self, start: int) -> int:
        """Where the parenthesis that closes the command line beginning at ``start`` stands."""

    def word(self) -> Word:
        begin = self.at
        pieces: list[Piece] = []
        while self.at < len(self.text) and not self._ends_word(begin):
            pieces += self._pieces()
        self.at = min(self.at, len(self.text))
        whole = unbraced(merged(pieces)) if self.language == "fish" else merged(pieces)
        return Word(whole, self.text[begin : self.at], begin, self.at)

    def document(self) -> tuple[Piece, ...]:
        """The whole text as the lines of a here-document whose end was not quoted."""
        pieces: list[Piece] = []
        while self.at < len(self.text):
            pieces.append(self._inside_double())
        return merged(pieces)

    def _ends_word(self, begin: int) -> bool:
        if self.at == begin and self.text.startswith(("<(", ">("), begin):
            return False
        return self.text[self.at] in _ENDS

    def _pieces(self) -> list[Piece]:
        character = self.text[self.at]
        if character == '"' or self.text.startswith('$"', self.at):
            return self._double()
        if self.text.startswith("\\\n", self.at):
            self.at += 2
            return []
        return [self._piece(character)]

    def _piece(self, character: str) -> Piece:
        if character == "'":
            return self._single()
        if character == "\\":
            self.complete = self.complete and self.at + 1 < len(self.text)
            self.at += 2
            return Piece(Kind.QUOTED, self.text[self.at - 1 : self.at])
        if character in "$`":
            return self._dollar_or_backtick(Kind.VARIABLE)
        if character in "<>":
            return self._substitution(self.at + 1)
        if character == "(":
            return self._substitution(self.at) if self.language == "fish" else self._parenthesis()
        found = _PLAIN.match(self.text, self.at)
        end = found.end() if found else self.at + 1
        piece, self.at = Piece(Kind.LITERAL, self.text[self.at : end]), end
        return piece

    # quotes

    def _find(self, mark: str, start: int) -> int:
        found = self.text.find(mark, start)
        self.complete = self.complete and found >= 0
        return len(self.text) if found < 0 else found

    def _single(self) -> Piece:
        if self.language == "fish":
            return self._single_of_fish()
        end = self._find("'", self.at + 1)
        text, self.at = self.text[self.at + 1 : end], min(end + 1, len(self.text))
        return Piece(Kind.QUOTED, text)

    def _single_of_fish(self) -> Piece:
        """In which a backslash quotes a single quote and another backslash."""
        found = _FISH_SINGLE.match(self.text, self.at)
        assert found
        self.complete = self.complete and found[2] == "'"
        self.at = found.end()
        return Piece(Kind.QUOTED, _FISH_ESCAPE.sub(r"\1", found[1]))

    def _escaped(self) -> Piece:
        """$'…' of bash, zsh and fish."""
        begin = self.at + 2
        self.at = begin
        while self.at < len(self.text) and self.text[self.at] != "'":
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.complete = self.complete and self.at < len(self.text)
        text = self.text[begin : self.at]
        self.at += 1
        return Piece(Kind.QUOTED, decoded(text))

    def _double(self) -> list[Piece]:
        self.at = self.text.index('"', self.at) + 1
        parts = [Piece(Kind.QUOTED, "")]
        while self.at < len(self.text) and self.text[self.at] != '"':
            parts.append(self._inside_double())
        self.complete = self.complete and self.at < len(self.text)
        self.at += 1
        return parts

    def _inside_double(self) -> Piece:
        character = self.text[self.at]
        if character in "$`":
            return self._dollar_or_backtick(Kind.QUOTED_VARIABLE)
        if self.text.startswith("\\\n", self.at):
            self.at += 2
            return Piece(Kind.QUOTED, "")
        if character == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\"):
            self.at += 1
        elif found := _PLAIN_INSIDE.match(self.text, self.at):
            self.at = found.end()
            return Piece(Kind.QUOTED, found[0])
        self.at += 1
        return Piece(Kind.QUOTED, self.text[self.at - 1])

    # what is expanded

    def _dollar_or_backtick(self, variable: Kind) -> Piece:
        begin = self.at
        if self.text[begin] == "`":
            return self._backticks()
        following = self.text[begin + 1 : begin + 2]
        if following == "(":
            return self._arithmetic() if self.text.startswith("((", begin + 1) else self._substitution(begin + 1)
        if following == "[" and self.language != "fish":  # the old spelling of arithmetic
            return self._unknown(begin, self.balanced(begin + 1, "[", "]"))
        if self.language == "zsh" and (split := _SPLIT.match(self.text, begin + 1)):
            self.at = split.end()
            return Piece(Kind.SPLIT, split[1] or split[2])
        if following == "{":
            return self._braced(variable)
        if following == "'" and variable is Kind.VARIABLE:
            return self._escaped()
        return self._named(variable)

    def _named(self, variable: Kind) -> Piece:
        begin = self.at + 1
        found = _NAME.match(self.text, begin)
        if found and self.language == "zsh" and _MODIFIED.match(self.text, found.end()):
            return self._unknown(begin - 1, found.end())
        if found or self.text[begin : begin + 1] in _SPECIAL:
            self.at = found.end() if found else begin + 1
            return Piece(variable, self.text[begin : self.at])
        self.at = begin
        return Piece(Kind.QUOTED, "$")

    def _braced(self, variable: Kind) -> Piece:
        begin, end = self.at, self.balanced(self.at + 1, "{", "}")
        name = self.text[begin + 2 : end - 1]
        if _NAME.fullmatch(name) or name.isdigit() or name in ("@", "*"):
            self.at = end
            return Piece(variable, name)
        return self._unknown(begin, end)

    def _backticks(self) -> Piece:
        begin = self.at
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != "`":
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.complete = self.complete and self.at < len(self.text)
        inner = re.sub(r"\\([$`\\])", r"\1", self.text[begin + 1 : self.at])
        self.at = min(self.at + 1, len(self.text))
        return Piece(Kind.UNKNOWN, self.text[begin : self.at], inner)

    def _substitution(self, opening: int) -> Piece:
        """A command line in parentheses."""
        begin, end = self.at, self.command_line(opening + 1)
        self.complete = self.complete and end < len(self.text)
        self.at = min(end + 1, len(self.text))
        return Piece(Kind.UNKNOWN, self.text[begin : self.at], self.text[opening + 1 : end])

    def _arithmetic(self) -> Piece:
        """``$((…))``, unless it is a subshell in a substitution: it counts as both."""
        begin = self.at
        if (end := self.end_of_arithmetic(begin + 1)) is not None:
            return self._unknown(begin, end)
        return self._substitution(begin + 1)

    def end_of_arithmetic(self, opening: int) -> int | None:
        """Behind ``((…))``; None where the two parentheses do not belong together."""
        complete = self.complete
        self.tries += 1
        if self.tries > _MOST_TRIES:
            return None
        inner, end = self.balanced(opening + 1, "(", ")"), self.balanced(opening, "(", ")")
        closed, self.complete = self.complete, complete
        return end if closed and inner == end - 1 else None

    def _parenthesis(self) -> Piece:
        """An array, or a pattern of zsh or extglob; a function's name, too."""
        return self._unknown(self.at, self.balanced(self.at, "(", ")"))

    def _unknown(self, begin: int, end: int) -> Piece:
        source, self.at = self.text[begin:end], end
        return Piece(Kind.UNKNOWN, source, "\n".join(self._substitutions(source[1:])))

    def _substitutions(self, text: str) -> Iterable[str]:
        """The command lines in text that otherwise is data; single quotes do not hide them."""
        reader = type(self)(text, self.language)
        while reader.at < len(text):
            if text.startswith(("<(", ">("), reader.at) or text[reader.at] in "$`":
                piece = reader._piece(text[reader.at])
                if piece.inner:
                    yield piece.inner
            else:
                reader.at += 2 if text[reader.at] == "\\" else 1

    def balanced(self, opening: int, begins: str, ends: str) -> int:
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
        self.complete = False
        return len(self.text)
