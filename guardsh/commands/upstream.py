"""What a pipeline hands on: the text, or the directories below which the paths in it lie, where that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from glob import escape

from guardsh.commands.runners import find_starts
from guardsh.commands.shell_builtins import timed
from guardsh.commands.shell_escapes import decoded
from guardsh.commands.shell_expansion import expand, text
from guardsh.commands.shell_state import Shell
from guardsh.commands.shell_statements import Apart, Negated, Simple, Statement
from guardsh.commands.shell_statements import Sequence as Statements
from guardsh.commands.shell_tokens import Redirection
from guardsh.commands.shell_words import Word

_FILTERS = frozenset({"sort", "uniq", "head", "tail", "tac", "shuf"})
_MATCHERS = frozenset({"grep", "egrep", "fgrep", "rg"})
_ONLY_ORDER = frozenset("-1rtSUvXc")
_MOST_NAMES = 1000
_PRINTS_OTHERWISE = frozenset("obcnHL")  # letters of grep's options
_FORMATS = ("%s\n", "%s\0", "%s ")


def fed(parts: Sequence[Statement]) -> Iterator[Statement]:
    """The parts of a pipeline, with ``cat FILE | psql`` as ``psql < FILE``."""
    file: Word | None = None
    for part in parts:
        if file is not None and isinstance(part, Simple):
            arriving = Redirection("<", "", file, False, file.start, file.end)
            yield replace(part, redirections=(arriving, *part.redirections))
        else:
            yield part
        file = _shown(part)


def _shown(statement: Statement) -> Word | None:
    """The one file that cat prints."""
    match statement:
        case Simple((cat, file), ()) if cat.plain == "cat" and not file.source.startswith("-"):
            return file
    return None


def output(statement: Statement, shell: Shell, given: str | None) -> str | None:
    """What echo, printf, ls and cat of a here-document write, and what filters let through of ``given`` at most; None
    where it is not known."""
    if isinstance(statement, Apart | Negated):
        return output(statement.body, shell, given)
    if isinstance(statement, Statements):
        parts = [output(part, shell, given) for part in statement.parts]
        known = [part for part in parts if part is not None]
        return "".join(known) if len(known) == len(parts) else None
    argv = _argv(statement, shell)
    if not argv or not isinstance(statement, Simple):
        return None
    if argv[0] == "echo" and not any("\\" in word for word in argv):
        words = argv[2:] if argv[1:2] == ["-n"] else argv[1:]
        return " ".join(words) + "\n"
    if argv[0] == "printf":
        return _printed(argv[1:])
    if argv[0] == "ls":
        return _listed(argv[1:], shell)
    if _only_filters(argv):
        return given
    return _document(statement, shell) if argv in (["cat"], ["cat", "-"]) else None


def _only_filters(argv: Sequence[str]) -> bool:
    """Whether it lets some of the lines through that arrive, as they are."""
    files = [word for word in argv[1:] if word[:1] not in ("-", "+") and not word.isdigit()]
    if argv[0] in _MATCHERS:
        return len(files) == 1 and not _PRINTS_OTHERWISE.intersection("".join(argv[1:-1]))
    return argv[0] in _FILTERS and not files


def _argv(statement: Statement, shell: Shell) -> list[str] | None:
    if not isinstance(statement, Simple):
        return None
    expanded = expand(statement.words[len(timed(statement.words)) :], shell, shell.places[0] if shell.places else None)
    return None if expanded.unknown else expanded.words


def _printed(words: Sequence[str]) -> str | None:
    form = decoded(words[0]) if words else ""
    if form in _FORMATS:
        return "".join(form.replace("%s", word) for word in words[1:])
    return form if "%" not in form and words else None


def _listed(words: Sequence[str], shell: Shell) -> str | None:
    """The names that ls prints now, in some order; without options that make it print others."""
    place = shell.places[0] if shell.places else "/"
    letters = "".join(word for word in words if word.startswith("-"))
    if not _ONLY_ORDER.issuperset(letters) or "--" in letters:
        return None
    names: list[str] = []
    for operand in [word for word in words if not word.startswith("-")] or ["."]:
        inside = (
            shell.expand(f"{escape(operand)}/*", place) if shell.expand(f"{escape(operand)}/.", place) else (operand,)
        )
        if inside is None:
            return None
        names += (name.removeprefix(f"{operand}/") for name in inside)
    return "".join(name + "\n" for name in names) if len(names) <= _MOST_NAMES else None


def _document(statement: Simple, shell: Shell) -> str | None:
    for redirection in reversed(statement.redirections):
        if redirection.document is not None:
            return text(redirection.document, shell)
        if redirection.operator == "<<<" and redirection.word:
            here = expand([Word(redirection.word.pieces, redirection.word.source)], shell, None)
            return None if here.unknown else " ".join(here.words) + "\n"
    return None


def below(statement: Statement, shell: Shell, before: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The directories below which every path lies that it writes; ``before``: of those that it reads."""
    argv = _argv(statement, shell) or [""]
    name, words = argv[0].rpartition("/")[2], argv[1:]
    operands = tuple(word for word in words if not word.startswith("-"))
    if name == "find" and not any(word.startswith("-printf") for word in words):
        return find_starts(tuple(words))
    if name == "ls":
        return (".", *operands)
    if _only_filters([name, *words]):
        return before
    return operands[1:] if name in _MATCHERS and len(operands) > 1 else None
