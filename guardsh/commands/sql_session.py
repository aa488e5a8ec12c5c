"""What a client of SQL (psql, pgcli) would do in one session: to which server, and through its shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from posixpath import dirname, join

from guardsh.commands import COMMANDS, libpq, sql, understand
from guardsh.commands.grammar import CommandLine
from guardsh.commands.prefixes import peel
from guardsh.commands.psql_text import Backslash, Statement, read, statements
from guardsh.model.intent import ANY_INSTANCE, Connection, Effect, Intent, Invocation, TextOf
from guardsh.model.observed import Unknown

_CONNECT = ("c", "connect")
_INCLUDE = ("i", "include")
_INCLUDE_BESIDE = ("ir", "include_relative")
_TO_PROGRAM = re.compile(r"\bprogram\s+'((?:[^']|'')*)'", re.IGNORECASE)
_BACKTICKS = re.compile(r"`([^`]*)`")
_SYNTAX_OF_SHELLS = re.compile(r"[;&|<>()$`*?\[\n\\]")
_SHOWN = 3
_DEEPEST = 8  # files that name files
_MOST_SHAPES = 1000  # of statements that have to be parsed: a second or so


class Session:
    """Texts are run in the order in which the client would; ``intents`` is what they come to."""

    def __init__(self, client: str, connection: Connection, invocation: Invocation) -> None:
        self.client = client
        self.invocation = invocation
        self.connection = connection
        self.variables: Mapping[str, str] = {}
        self.doubts: tuple[str, ...] = ()  # about the words that began it
        self._deeds: dict[tuple[Connection, Effect], list[sql.Deed]] = {}
        self._others: list[Intent] = []
        self._harmless: set[str] = set()  # shapes of statements

    def run(self, text: str, file: str = "", depth: int = 0) -> None:
        """A text on its standard input, after -c, or in ``file``."""
        if not any(map(sql.may_destroy, (text, *self.variables.values()))):
            return
        for piece in read(text, self.variables):
            if isinstance(piece, Backslash):
                self._command(piece, file, depth)
            else:
                self._statement(piece)

    def run_given(self, line: CommandLine) -> None:
        """What -c and -f give, in their order, or else the standard input; a word that is not understood may be SQL."""
        given = [(name, value or "") for name, value in line.options if name in ("--command", "--file")]
        unclear = [("--command", word) for word in line.operands if line.doubts]
        for option, value in [*given, *unclear] or [("--file", "-")]:
            if option == "--command":
                self.run(value)
            else:
                self.run_file(value)

    def run_file(self, path: str, depth: int = 0) -> None:
        """What it holds is asked for first; where that cannot be known, it counts as the worst."""
        if path == "-":
            self._run_input()
            return
        question = TextOf(path)
        text = self.invocation.texts.get(question)
        if text is None:
            self._others.append(self._worst(f"what {path} holds is not known", question))
        elif isinstance(text, Unknown):
            self._others.append(self._worst(f"what {path} holds is not known: {text.why}"))
        elif depth > _DEEPEST:
            self._others.append(self._worst(f"what {path} holds is not read: too many files name each other"))
        else:
            self.run(text.value, path, depth)

    def _run_input(self) -> None:
        if self.invocation.input is not None:
            self.run(self.invocation.input)
        elif self.invocation.input_file:
            self.run_file(self.invocation.input_file)

    def intents(self) -> tuple[Intent, ...]:
        """One for each server and effect, in the order in which they come about."""
        return (*self._others, *(self._intent(*of, deeds) for of, deeds in self._deeds.items()))

    def _statement(self, statement: Statement) -> None:
        """A thousand updates that differ in their numbers are read once."""
        shape = sql.shape(statement)
        if shape is None or shape in self._harmless:
            return
        if len(self._harmless) >= _MOST_SHAPES:
            self._do([sql.Deed(Effect.SQL, "run more statements than are read", "too many statements to read")])
            return
        found = tuple(sql.deeds(statement))
        self._do(found)
        if not found:
            self._harmless.add(shape)

    def _do(self, deeds: Iterable[sql.Deed]) -> None:
        for deed in deeds:
            self._deeds.setdefault((self.connection, deed.effect), []).append(deed)

    def _intent(self, connection: Connection, effect: Effect, deeds: list[sql.Deed]) -> Intent:
        does = list(dict.fromkeys(deed.does for deed in deeds))
        more = [f"{len(does) - _SHOWN} more"] if len(does) > _SHOWN else []
        said = "promote" if effect is Effect.PROMOTE else f"{_listed([*does[:_SHOWN], *more])} on"
        doubts = tuple(dict.fromkeys((*self.doubts, *(deed.doubt for deed in deeds if deed.doubt))))
        return Intent(effect, (), f"{self.client} would {said}", doubts, connection=connection)

    def _worst(self, doubt: str, *questions: TextOf) -> Intent:
        return Intent(
            Effect.SQL, (), f"{self.client} could destroy data on", (doubt,), (), questions, connection=self.connection
        )

    def _command(self, command: Backslash, file: str, depth: int) -> None:
        words = command.arguments
        if command.name in _CONNECT:
            self.connection = _reconnected(self.connection, words)
        elif command.name in _INCLUDE and words:
            self.run_file(words[0], depth + 1)
        elif command.name in _INCLUDE_BESIDE and words:
            self.run_file(join(dirname(file), words[0]), depth + 1)
        elif command.name == "gexec":
            self._do(sql.generated(command.query, "what the rows of a query would run is not read (\\gexec)"))
        elif command.name == "copy" and command.rest.startswith("("):  # its files and programs are the client's
            self._do(sql.deeds(sql.in_brackets(next(statements(command.rest)), 1)))
        elif command.name == "lo_unlink":
            self._do([sql.Deed(Effect.CONFIGURE, "run \\lo_unlink")])
        for script in _scripts(command):
            self._others += self._shell(script)

    def _shell(self, script: str) -> tuple[Intent, ...]:
        """A command for the shell: read where it is plain words, otherwise its guarded names count as the worst."""
        try:
            words = tuple(shlex.split(script))
        except ValueError:
            words = tuple(script.split())
        if not words:
            return ()
        if not _SYNTAX_OF_SHELLS.search(script):
            return understand(peel(words, self.invocation.cwd, self.invocation.environment))
        named = [word for word in re.split(r"[^\w.-]+", script) if word in COMMANDS]
        if not named:
            return ()
        doubt = f"what {self.client} hands to the shell is not read, and it names {named[0]}"
        return (Intent(Effect.DELETE, (ANY_INSTANCE,), f"{self.client} \\! could delete", (doubt,)),)


def _scripts(command: Backslash) -> Iterator[str]:
    """The command lines that a backslash command hands to the shell."""
    if command.name == "!":
        yield command.rest
    elif command.rest.startswith("|"):
        yield command.rest[1:]
    elif command.name == "copy":
        yield from _TO_PROGRAM.findall(command.rest)
    else:
        yield from _BACKTICKS.findall(command.rest)


def _reconnected(before: Connection, words: tuple[str, ...]) -> Connection:
    r"""``\connect [DBNAME [USER [HOST [PORT]]]]`` or a connection string; what is not given, or ``-``, stays."""
    words = tuple(word for word in words if not word.startswith("-reuse-previous"))
    if words and _is_string(words[0]):
        return libpq.of({"dbname": words[0]})
    given = dict(before.parameters)
    changed = {name: word for name, word in zip(("dbname", "user", "host", "port"), words, strict=False) if word != "-"}
    if not _is_string(given.get("dbname", "")):
        return libpq.of(given | changed)
    return libpq.of(changed) if {"host", "port"} & changed.keys() else before  # another database of the same server


def _is_string(database: str) -> bool:
    return "=" in database or "://" in database


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
