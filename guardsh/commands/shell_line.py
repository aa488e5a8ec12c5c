"""The guarded commands of a whole typed line, each with the directory and environment that the line gives it.

Simple and conservative, until a real grammar reads lines: what is not known before the line runs is a doubt, never
left out. Reads no files: which entries a pattern matches is asked of ``expand``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from glob import escape
from posixpath import join

from guardsh.commands import COMMANDS, runners
from guardsh.commands.prefixes import peel
from guardsh.commands.shell_expansion import Expand, Shell, expand
from guardsh.commands.shell_words import Aside, Kind, Operator, Token, Word, tokens
from guardsh.model.intent import Invocation

__all__ = ["Expand", "Found", "Shell", "read"]

# After these words a command may begin: reserved words of bash, zsh and fish, and zsh's precommand modifiers.
_KEYWORDS = frozenset(
    {
        *("!", "{", "}", "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac", "coproc", "-"),
        *("and", "or", "not", "begin", "end", "builtin", "noglob", "nocorrect", "always", "repeat"),
    }
)
_LISTS = ("for", "foreach", "select")
_DATA = ("case", "function", "[[", "switch")
_PIPES = ("|", "|&", "&", "&|", "&!")
_CHANGES_DIRECTORY = ("cd", "chdir", "pushd")
_SETS_NAMES = ("export", "declare", "typeset", "local", "readonly", "set", "setenv", "unset", "read", "mapfile",
               "readarray", "getopts", "printf")  # fmt: skip
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A guarded command of the line. ``typed`` are all its words, prefixes included; ``doubts`` are sentences about
    operands that are not known before it runs; ``note`` is one about how it was read."""

    invocation: Invocation
    typed: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    note: str = ""

    @property
    def by_name(self) -> bool:
        """Whether the shell itself looks the command up, so that a function of that name would be called."""
        return not self.invocation.prefixes and self.invocation.words[0] in COMMANDS


def read(text: str, shell: Shell) -> tuple[Found, ...]:
    """Every guarded command that the line ``text`` would run, as typed in ``shell``, which is left changed by it."""
    reader = _Reader(shell, 0)
    reader.read(text)
    return tuple(dict.fromkeys(reader.found))


class _Reader:
    def __init__(self, shell: Shell, depth: int) -> None:
        self.shell = shell
        self.depth = depth
        self.found: list[Found] = []
        self.words: list[Word] = []  # of the command being read
        self.before = ";"  # the operator before it
        self.outside: list[Shell] = []  # of the parentheses that are open

    def read(self, text: str) -> None:
        queue: deque[tuple[Token, frozenset[str]]] = deque((token, frozenset()) for token in tokens(text))
        blank = False  # the alias before ended in a blank: the next word may be one, too (bash(1), ALIASES)
        while queue:
            token, used = queue.popleft()
            if isinstance(token, Operator):
                self._end(token.text)
                continue
            if isinstance(token, Aside):
                self._nested(token.inner, _copy(self.shell))
                continue
            alias = self.shell.aliases.get(token.plain or "") if blank or not self.words else None
            if alias is None or token.plain in used:
                self._add(token)
                continue
            blank = alias.endswith((" ", "\t"))
            now = used | {str(token.plain)}
            queue.extendleft((each, now) for each in reversed(list(tokens(alias))))
        self._end("\n")

    def _add(self, word: Word) -> None:
        starts = not self.words
        if starts and (word.plain in _KEYWORDS or word.source.endswith("()")):
            return
        if word.source.startswith("(") and [each.plain for each in self.words[::2]] == ["case", "in"]:
            self.words = []  # case WORD in (PATTERN)
        else:
            self.words.append(word)

    def _end(self, operator: str) -> None:
        words, self.words = self.words, []
        before = self.shell.cwd
        if words:
            self._command(words, operator)
        if operator in _PIPES or self.before in ("|", "|&"):
            self.shell.cwd = before
        if operator == "(":
            self.outside.append(_copy(self.shell))
        elif operator == ")" and self.outside:
            self.shell = self.outside.pop()
        self.before = operator

    def _command(self, words: list[Word], operator: str) -> None:
        for word in words:
            for piece in word.pieces:
                self._nested(piece.inner, _copy(self.shell))
        assigned, rest = self._assignments(words)
        if not rest:
            for name, values in assigned.items():
                self.shell.assign(name, values)
            return
        plain = rest[0].plain
        if plain in _LISTS:
            self._bind(rest)
        elif plain not in _DATA:
            self._simple(rest, operator, {name: values[0] for name, values in assigned.items() if values})
        body = next((at for at, word in enumerate(rest) if word.plain == "{"), len(rest))
        if rest[body + 1 :]:  # function NAME {, coproc NAME {
            self._command(rest[body + 1 :], operator)

    def _simple(self, words: list[Word], operator: str, assigned: Mapping[str, str]) -> None:
        expanded = [expand(word, self.shell) for word in words]
        argv = tuple(_without_equals(word) for each in expanded for word in each.words)
        unknown = frozenset(word for each in expanded if each.unknown for word in each.words)
        if not argv:
            return
        if argv[0] in _CHANGES_DIRECTORY:
            self._change_directory(argv[1:], unknown, operator)
        elif argv[0] == "popd" or (len(argv) == 1 and self._is_directory(argv[0])):
            self.shell.cwd = None
        elif argv[0] in _SETS_NAMES:
            self._set_names(argv, unknown)
        else:
            invocation = Invocation(argv, self.shell.cwd or "/", {**self.shell.environment, **assigned})
            self._run(invocation, argv, unknown, ())

    # what the line does to its own shell

    def _assignments(self, words: list[Word]) -> tuple[dict[str, tuple[str, ...] | None], list[Word]]:
        assigned: dict[str, tuple[str, ...] | None] = {}
        for position, word in enumerate(words):
            first = word.pieces[0] if word.pieces else None
            name, equals, value = first.text.partition("=") if first and first.kind is Kind.LITERAL else ("", "", "")
            if not equals or not name.isidentifier():
                return assigned, words[position:]
            rest = Word((replace(word.pieces[0], text=value), *word.pieces[1:]), word.source[len(name) + 1 :])
            expanded = expand(rest, self.shell)
            assigned[name] = None if expanded.unknown else (" ".join(expanded.words),)
        return assigned, []

    def _bind(self, words: list[Word]) -> None:
        """The variable of a loop has all its values at once."""
        if len(words) < 2 or words[1].plain is None:
            return
        listed = [expand(word, self.shell) for word in words[3:]]
        known = bool(listed) and not any(each.unknown for each in listed)
        values = tuple(escape(word) for each in listed for word in each.words)
        self.shell.assign(words[1].plain, values if known else None)

    def _is_directory(self, word: str) -> bool:
        """fish, and other shells with autocd, change to a directory that is named like a command."""
        return "/" in word and bool(self.shell.expand(escape(word.rstrip("/")) + "/", self.shell.cwd or "/"))

    def _set_names(self, argv: tuple[str, ...], unknown: frozenset[str]) -> None:
        operands = [word for word in argv[1:] if not word.startswith("-")]
        if argv[0] == "set" and operands and "=" not in operands[0]:  # of fish: set NAME VALUE…
            values = argv[argv.index(operands[0], 1) + 1 :]
            return self.shell.assign(operands[0], None if unknown.intersection(values) else values or ("",))
        for word in operands:
            name, equals, value = word.partition("=")
            if equals and word not in unknown:
                self.shell.assign(name, (value,))
                if argv[0] == "export":
                    self.shell.environment[name] = value
            elif equals or argv[0] not in ("export", "declare", "typeset", "local", "readonly"):
                self.shell.assign(name, None)
        return None

    def _change_directory(self, words: tuple[str, ...], unknown: frozenset[str], operator: str) -> None:
        """Where the directory is missing, cd fails and what follows ``;`` runs where we are; what follows && is read as
        if the line itself had made it."""
        given = [word for word in words if word == "-" or not word.startswith("-")]
        place = given[0] if given else self.shell.environment.get("HOME", "/")
        before = self.shell.values("OLDPWD")
        if place == "-" and before is not None:
            place = before[0]
        self.shell.assign("OLDPWD", self.shell.values("PWD"))
        if place in unknown or place == "-" or (self.shell.cwd is None and not place.startswith("/")):
            self.shell.cwd = None
            return
        there = join(self.shell.cwd or "/", place)
        if operator == "&&" or self.shell.expand(escape(there.rstrip("/")) + "/", "/"):
            self.shell.cwd = there
        elif self.shell.values("CDPATH") != ("",):
            self.shell.cwd = None

    # what the line runs

    def _run(
        self, invocation: Invocation, typed: tuple[str, ...], unknown: frozenset[str], doubts: tuple[str, ...]
    ) -> None:
        behind = peel(invocation.words, invocation.cwd, invocation.environment)
        behind = replace(behind, prefixes=invocation.prefixes + behind.prefixes)
        if behind.name in COMMANDS:
            self.found.append(Found(behind, typed, (*doubts, *self._doubts(behind, unknown))))
        elif behind.words[0] in unknown:
            self._unknown(behind, typed, unknown)
        else:
            for script in runners.scripts(behind):
                self._script(script, behind, typed, doubts)
            for words, doubt in runners.commands(behind):
                prefixes = behind.prefixes + behind.words[:1]
                inner = replace(behind, words=words, prefixes=prefixes)
                self._run(inner, typed, unknown, (*doubts, *([doubt] if doubt else [])))

    def _doubts(self, invocation: Invocation, unknown: frozenset[str]) -> Iterable[str]:
        for word in invocation.words:
            if word in unknown:
                yield f"what {word} stands for is not known before the line runs"
        if self.shell.cwd is None:
            yield "the directory that the line changes to is not known before it runs"

    def _unknown(self, invocation: Invocation, typed: tuple[str, ...], unknown: frozenset[str]) -> None:
        """A command word that is not known, at its worst: a guarded word behind it, or else rm -rf of its operands.

        Without operands that are known it is left to the second net, which sees what it became.
        """
        note = f"What {invocation.words[0]} stands for is not known before the line runs"
        for position, word in enumerate(invocation.words):
            if word.rpartition("/")[2] in COMMANDS:
                inner = replace(invocation, words=invocation.words[position:])
                self.found.append(Found(inner, typed, tuple(self._doubts(inner, unknown)), note + "."))
                return
        operands = tuple(word for word in invocation.words if word not in unknown and not word.startswith("-"))
        if operands and self.shell.cwd is not None:
            worst = replace(invocation, words=("rm", "-rf", *operands), prefixes=(*invocation.prefixes, "?"))
            self.found.append(Found(worst, typed, (), f"{note}: it is read as rm -rf."))

    def _script(self, script: str, behind: Invocation, typed: tuple[str, ...], doubts: tuple[str, ...]) -> None:
        own = runners.is_own_shell(behind)
        shell = _copy(self.shell)
        if not own:
            shell = Shell(behind.cwd, dict(behind.environment), {}, {}, self.shell.expand)
        for found in self._read_inside(script, shell):
            prefixes = found.invocation.prefixes if own else (*behind.prefixes, *behind.words[:1])
            inner = replace(found.invocation, prefixes=prefixes)
            self.found.append(replace(found, invocation=inner, typed=typed, doubts=(*doubts, *found.doubts)))

    def _nested(self, text: str, shell: Shell) -> None:
        if text:
            self.found += self._read_inside(text, shell)

    def _read_inside(self, text: str, shell: Shell) -> list[Found]:
        if self.depth == _DEEPEST:
            return []
        inside = _Reader(shell, self.depth + 1)
        inside.read(text)
        return inside.found


def _without_equals(word: str) -> str:
    """zsh: =rm is the path of rm (zshexpn(1), '=' EXPANSION)."""
    return word[1:] if word[:1] == "=" and word[1:] in COMMANDS else word


def _copy(shell: Shell) -> Shell:
    return replace(shell, environment=dict(shell.environment), variables=dict(shell.variables))
