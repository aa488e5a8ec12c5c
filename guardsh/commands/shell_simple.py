"""The simple commands of a line: their redirections, what the shell does itself, and what it starts."""

from __future__ import annotations

import glob
from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from guardsh.commands import shell_builtins
from guardsh.commands.shell_commands import CommandReader, Outcome, Typed
from guardsh.commands.shell_expansion import Expanded, expand, known_directory, text
from guardsh.commands.shell_found import Found
from guardsh.commands.shell_state import Shell, Values, merge
from guardsh.commands.shell_statements import Simple, Statement
from guardsh.commands.shell_tokens import Redirection
from guardsh.commands.shell_words import Kind, Word
from guardsh.model.intent import Invocation

_WRITES = {">": ">", ">|": ">|", ">!": ">|", ">?": ">", ">>": ">>", ">>|": ">>", ">>!": ">>", "<>": "<>", "&>": "&>",
           ">&": "&>", "&>>": "&>>"}  # fmt: skip
_NO_FILES = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/full", "/dev/zero")
_NO_FILES_BELOW = ("/dev/fd/", "/dev/tcp/", "/dev/udp/", "/proc/self/fd/")
_OF_THE_SHELL = ("builtin", "command")
_PARAMETERS = ("@", "*", "#", *map(str, range(1, 10)))
_WHERE = "the directory that the line changes to is not known before it runs"


class SimpleReader(CommandReader):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []  # functions that are being run
        self.called: set[str] = set()

    @abstractmethod
    def run(self, statement: Statement, shell: Shell, given: str | None = None) -> Outcome:
        """Read a statement. ``given`` is the text that is known to arrive on its standard input."""

    def simple(self, statement: Simple, shell: Shell, given: str | None, upstream: tuple[str, ...] | None) -> Outcome:
        """A simple command in a shell that is in one place, or in one that is not known."""
        timed = shell_builtins.timed(statement.words)
        statement = Simple(statement.words[len(timed) :], statement.redirections)
        self.nested(statement.words, shell)
        changed = (name for word in statement.words for name in shell_builtins.changed_inside(word))
        shell.variables.update(dict.fromkeys(changed))
        assigned, words = shell_builtins.assignments(statement.words, shell)
        place = only_place(shell)
        arriving = self.redirect(statement.redirections, shell, place, given)
        file = _input_file(statement.redirections, shell, place)
        argv = expand(words, shell, place)
        if not words:
            for name, values in assigned.items():
                shell.assign(name, values)
        if not argv.words:
            return shell, shell
        outcome = self._own(words, argv, shell)
        if outcome is None:
            started = Invocation((), place or "/", _environment(shell, assigned), timed, arriving, file)
            self._start(argv, started, shell, upstream)
        return outcome or (shell, shell)

    # what the shell does itself

    def _own(self, words: Sequence[Word], argv: Expanded, shell: Shell) -> Outcome | None:
        """Builtins and functions; None for a command that is started."""
        given = list(argv.words)
        name = given[0]
        if name in argv.unknown:
            return None
        if name in shell.functions:
            return self._call(name, given[1:], bool(argv.unknown.intersection(given)), shell)
        while len(given) > 1 and given[0] in _OF_THE_SHELL:
            given, words = given[1:], words[1:]
        if given[0] in shell_builtins.CHANGES_DIRECTORY:
            succeeds, fails = _change_directory(given, argv.unknown, shell)
            stays = name == "command" and shell.language == "zsh"  # there it looks for a program
            return succeeds, shell if stays else fails
        if given[0] in shell_builtins.SETS_NAMES:
            shell_builtins.set_names(given, words, argv.unknown, shell)
            return shell, shell
        if given[0] == "eval" and name == "eval":
            return self._eval(given[1:], shell)
        if len(given) == 1 and _is_directory(name, shell):
            return _change_directory(("cd", name), argv.unknown, shell)[0], shell
        return None

    def _eval(self, words: Sequence[str], shell: Shell) -> Outcome:
        return self.deeper(lambda: self.script(" ".join(words), shell))

    def _call(self, name: str, arguments: Sequence[str], unknown: bool, shell: Shell) -> Outcome:
        """A function of the line: its body. One that calls itself is read once more, with nothing known of what it
        gets."""
        self.called.add(name)
        if self.calls.count(name) > 1:
            return shell, shell
        known = not unknown and name not in self.calls
        self.calls.append(name)
        outcome: Outcome = (None, None)
        for body in shell.functions[name]:
            then = self.deeper(lambda body=body: self.run(body, called(shell, arguments, known=known)))  # type: ignore[misc]
            outcome = merge(outcome[0], then[0]), merge(outcome[1], then[1])
        self.calls.pop()
        for after in outcome:
            if after is not None:
                _restore(after, shell)
        return outcome

    # what it starts

    def _start(self, argv: Expanded, invocation: Invocation, shell: Shell, upstream: tuple[str, ...] | None) -> None:
        """``invocation`` is all but its words."""
        words = tuple(argv.words)
        doubts = (_WHERE,) if shell.places is None and _is_relative(words) else ()
        typed = Typed((*invocation.prefixes, *words), frozenset(argv.unknown), doubts, upstream)
        self.command(replace(invocation, words=words), shell, typed)

    # redirections and substitutions

    def redirect(
        self, redirections: Iterable[Redirection], shell: Shell, place: str | None, given: str | None
    ) -> str | None:
        """Files that are written; the text that arrives on standard input, where it is known."""
        for redirection in redirections:
            self.nested([redirection.word] if redirection.word else [], shell)
            if redirection.document is not None:
                self.nested([Word(redirection.document, "")], shell)
                given = text(redirection.document, shell)
            elif redirection.operator == "<<<" and redirection.word:
                here = expand([redirection.word], shell, place)
                given = None if here.unknown else " ".join(here.words) + "\n"
            elif redirection.operator == "<" and redirection.descriptor in ("", "0"):
                given = None
            elif redirection.word:
                self._write(redirection.operator, redirection.word, shell, place)
        return given

    def _write(self, operator: str, word: Word, shell: Shell, place: str | None) -> None:
        """What is not known behind a known directory is a name in it, as it was typed."""
        if operator not in _WRITES:
            return
        paths = expand([word], shell, place)
        for path in paths.words:
            if operator == ">&" and _is_descriptor(path, word, paths):
                continue
            if path in _NO_FILES or path.startswith((*_NO_FILES_BELOW, ">(", "<(")):
                continue
            words = (_WRITES[operator], path)
            doubts = []
            if path in paths.unknown and known_directory(word) is None:
                doubts.append(f"which file {path} stands for is not known before the line runs")
            if place is None and not path.startswith("/"):
                doubts.append(_WHERE)
            self.found.append(Found(Invocation(words, place or "/", shell.environment), words, tuple(doubts)))

    def nested(self, words: Iterable[Word], shell: Shell) -> None:
        """The command lines in substitutions, each in a shell of its own."""
        for word in words:
            for piece in word.pieces:
                if piece.inner:
                    inner = piece.inner
                    self.deeper(lambda inner=inner: self.script(inner, shell.copy()))  # type: ignore[misc]


def _environment(shell: Shell, assigned: Mapping[str, Values]) -> dict[str, str]:
    environment = {name: value for name, value in shell.environment.items() if name not in assigned}
    return environment | {
        name: values[0] for name, values in assigned.items() if values is not None and len(values) == 1
    }


def only_place(shell: Shell) -> str | None:
    """Where the shell is; None where that is not known."""
    return shell.places[0] if shell.places else None


def called(shell: Shell, arguments: Sequence[str], *, known: bool) -> Shell:
    """The shell as a function sees it."""
    inside = shell.copy()
    shell_builtins.set_parameters(tuple(arguments), not known, inside)
    return inside


def _restore(after: Shell, before: Shell) -> None:
    for name in _PARAMETERS:
        after.variables.pop(name, None)
        if name in before.variables:
            after.variables[name] = before.variables[name]


def _change_directory(words: Sequence[str], unknown: Collection[str], shell: Shell) -> Outcome:
    place = only_place(shell)
    there, may_fail = shell_builtins.directory_after(words, unknown, place, shell)
    after = shell.at(there)
    after.variables |= {"OLDPWD": shell.places, "PWD": there}
    return after, shell if may_fail else None


def _input_file(redirections: Sequence[Redirection], shell: Shell, place: str | None) -> str:
    """The file that the command reads on standard input; "" where there is none, or it is not known."""
    for redirection in reversed(redirections):
        if redirection.document is not None or redirection.operator == "<<<":
            return ""
        if redirection.operator == "<" and redirection.descriptor in ("", "0") and redirection.word:
            paths = expand([redirection.word], shell, place)
            return "" if paths.unknown or place is None else paths.words[0]
    return ""


def _is_descriptor(path: str, word: Word, paths: Expanded) -> bool:
    """The word behind ``>&``: a number, a hyphen, or what is not known and may be one."""
    known = "".join(piece.text for piece in word.pieces if piece.kind in (Kind.LITERAL, Kind.QUOTED))
    return path.rstrip("-").isdigit() or path == "-" or (path in paths.unknown and not known.strip("0123456789-"))


def _is_relative(words: Sequence[str]) -> bool:
    """Whether some operand may be a path from the working directory, or there is none."""
    operands = [word for word in words[1:] if not word.startswith("-")]
    return not operands or not all(word.startswith("/") for word in operands)


def _is_directory(word: str, shell: Shell) -> bool:
    """fish, and other shells with autocd, change to a directory that is named like a command."""
    directory = f"{glob.escape(word.rstrip('/'))}/."
    return "/" in word and bool(shell.expand(directory, only_place(shell) or "/"))
