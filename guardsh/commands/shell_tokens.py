"""A typed line cut into words, operators and redirections with their here-documents; comments are left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from guardsh.commands.shell_quoting import BLANK, WordReader
from guardsh.commands.shell_words import Kind, Piece, UnreadableError, Word

_OPERATORS = ("&&", "||", ";;&", ";;", ";&", "|&", "&|", "&!", ";", "&", "|", "\n", ")")
_REDIRECTIONS = ("&>>", "&>", "<<<", "<<-", "<<", "<>", "<&", ">>", ">&", ">|", ">", "<")
_REDIRECTIONS_OF = {"zsh": (">>|", ">>!", ">!"), "fish": (">?",)}
_NAMING = ("for", "select", "case")  # NAME in …
_HERE_DOCUMENTS = ("<<", "<<-")
_DEEPEST = 32  # substitutions in each other

# After these words a command begins: reserved words of bash, zsh and fish.
STARTERS = frozenset(
    {
        *("!", "{", "}", "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac", "time", "coproc"),
        *("and", "or", "not", "begin", "end", "always"),
    }
)


@dataclass(frozen=True, slots=True)
class Operator:
    """``;``, ``&&``, ``|``, a newline, ``(``, ``)`` …"""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Redirection:
    """``leads``: it stands before the first word of its command. ``document`` is the text of a here-document."""

    operator: str
    descriptor: str
    word: Word | None
    leads: bool
    start: int
    end: int
    document: tuple[Piece, ...] | None = None


Token: TypeAlias = Word | Operator | Redirection


class Lexer(WordReader):
    """``tokens`` reads the text from ``at`` to its end, or to a parenthesis that closes what it stands in."""

    def __init__(
        self, text: str, language: str = "bash", at: int = 0, depth: int = 0, *, comments: bool = True
    ) -> None:
        super().__init__(text, language, at)
        self.depth = depth
        self.comments = comments
        self.read: list[Token] = []
        self.closed = len(text)  # where it ended
        self._first = ""  # the first word of the present command, where it is plain
        self._words = 0  # of the present command
        self._begun = False  # a word of the present command has been read
        self._parentheses = 0
        self._cases = 0
        self._awaited: list[int] = []  # here-documents that begin after this line, by their place in ``read``
        marks = (*_REDIRECTIONS_OF.get(language, ()), *_REDIRECTIONS)
        self._redirections = tuple(sorted(marks, key=len, reverse=True))

    def tokens(self) -> list[Token]:
        while self.at < len(self.text):
            token = self._next()
            if token is None:
                continue
            if isinstance(token, Operator) and token.text == ")" and self._closes():
                self.closed = token.start
                break
            self.read.append(self._noted(token))
            if isinstance(token, Operator) and token.text == "\n":
                self._read_documents()
        self.complete = self.complete and not self._awaited
        return self.read

    def command_line(self, start: int) -> int:
        if self.depth == _DEEPEST:
            raise UnreadableError("substitutions nest too deeply")
        inside = Lexer(self.text, self.language, start, self.depth + 1, comments=self.comments)
        inside.tokens()
        self.complete = self.complete and inside.complete
        return inside.closed

    def _closes(self) -> bool:
        """Whether a parenthesis is not one of this text: in ``case x in a)`` it is."""
        if self._parentheses:
            self._parentheses -= 1
            return False
        return self.depth > 0 and not self._cases

    def _next(self) -> Token | None:
        character = self.text[self.at]
        begin = self.at
        if character in BLANK:
            self.at += 1
        elif self.text.startswith("\\\n", self.at):
            self.at += 2
        elif character == "#" and self.comments:
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
        elif character == "(" and not self._begun:
            return self._arithmetic_command() or self._operator("(")
        elif self.text.startswith(("<(", ">("), begin):
            return self.word()
        elif mark := self._starting(self._redirections):
            return self._redirection(mark, "", begin)
        elif mark := self._starting(_OPERATORS):
            return self._operator(mark)
        else:
            return self._word_or_descriptor(begin)
        return None

    def _starting(self, marks: tuple[str, ...]) -> str:
        return next((mark for mark in marks if self.text.startswith(mark, self.at)), "")

    def _operator(self, text: str) -> Operator:
        self.at += len(text)
        return Operator(text, self.at - len(text), self.at)

    def _noted(self, token: Token) -> Token:
        """What stands before decides how some words are read."""
        if isinstance(token, Operator):
            self._begun, self._first, self._words = False, "", 0
            self._parentheses += token.text == "("
        elif isinstance(token, Word):
            return self._noted_word(token)
        return token

    def _noted_word(self, word: Word) -> Word:
        plain = word.plain or ""
        begins = not self._begun
        if begins:
            self._cases += (plain == "case") - (plain == "esac")
            self._first, self._words = plain, 0
        self._words += 1
        names = self._first in _NAMING and plain == "in" and self._words == 3
        self._begun = (not begins or plain not in STARTERS) and not self._leads_on(word, names)
        return replace(word, begins=begins or names)

    def _leads_on(self, word: Word, names: bool) -> bool:
        """Whether a command may begin after this word, which is none itself."""
        named = self._first == "function" and self._words == 2
        return named or (self._first == "case" and names) or word.source.endswith("()")

    # words that are read otherwise at the beginning of a command

    def _arithmetic_command(self) -> Word | None:
        """``((…))``; None where it is a parenthesis in a parenthesis."""
        if not self.text.startswith("((", self.at):
            return None
        begin, end = self.at, self.end_of_arithmetic(self.at)
        if end is None:
            return None
        piece = self._unknown(begin, end)
        return Word((piece,), piece.text, begin, end)

    def _test(self, opening: Word) -> Word:
        """``[[ … ]]`` as one word: what compares in it is no redirection."""
        pieces = list(opening.pieces)
        while self.at < len(self.text):
            if self.text[self.at] in BLANK + "\n;&|<>()" and not self.text.startswith(("<(", ">("), self.at):
                self.at += 1
                continue
            word = self.word()
            if word.plain == "]]":
                break
            pieces += (replace(piece, kind=Kind.UNKNOWN) for piece in word.pieces)
        else:
            self.complete = False
        return Word(tuple(pieces), self.text[opening.start : self.at], opening.start, self.at)

    # redirections and here-documents

    def _word_or_descriptor(self, begin: int) -> Token:
        """The 2 of ``2>&1``, and the {log} of ``{log}>file``, are no words."""
        word = self.word()
        if word.plain == "[[" and not self._begun:
            return self._test(word)
        if word.source.isdigit() or (word.source[:1] == "{" and word.source[1:-1].isidentifier()):
            mark = self._starting(self._redirections)
            if mark and not mark.startswith("&"):
                return self._redirection(mark, word.source, begin)
        return word

    def _redirection(self, mark: str, descriptor: str, begin: int) -> Redirection:
        self.at += len(mark)
        while self.at < len(self.text) and self.text[self.at] in BLANK:
            self.at += 1
        word = None
        if self.at < len(self.text) and (self.text[self.at] not in ";&|\n)<>" or self._starting(("<(", ">("))):
            word = self.word()
        self.complete = self.complete and word is not None
        if mark in _HERE_DOCUMENTS and word:
            self._awaited.append(len(self.read))
        return Redirection(mark, descriptor, word, not self._begun, begin, self.at)

    def _read_documents(self) -> None:
        for index in self._awaited:
            redirection = self.read[index]
            assert isinstance(redirection, Redirection)
            self.read[index] = replace(redirection, document=self._document(redirection))
        self._awaited.clear()

    def _document(self, redirection: Redirection) -> tuple[Piece, ...] | None:
        """The lines up to the end that was given; one that does not end is no reason to take the rest for data, nor to
        look for those behind it."""
        assert redirection.word is not None
        if not self.complete:
            return None
        lines: list[str] = []
        position = self.at
        while position < len(self.text):
            line = self._line(position)
            position += len(line) + 1
            line = line.lstrip("\t") if redirection.operator == "<<-" else line
            if line == redirection.word.unquoted:
                self.at = min(position, len(self.text))
                text = "".join(each + "\n" for each in lines)
                return self._quoted_or_expanded(redirection.word, text)
            lines.append(line)
        self.complete = False
        return None

    def _line(self, position: int) -> str:
        end = self.text.find("\n", position)
        return self.text[position : len(self.text) if end < 0 else end]

    def _quoted_or_expanded(self, end: Word, text: str) -> tuple[Piece, ...]:
        if end.plain is None:
            return (Piece(Kind.QUOTED, text),)
        return Lexer(text, self.language, depth=self.depth).document()
