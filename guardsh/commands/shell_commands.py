"""From the words of one command of a line to the guarded commands that it would run, itself or behind prefixes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from posixpath import join, normpath
from typing import TypeAlias, TypeVar

from guardsh.commands import COMMANDS, runners
from guardsh.commands.prefixes import behind
from guardsh.commands.shell_builtins import set_parameters
from guardsh.commands.shell_found import Found
from guardsh.commands.shell_state import Shell
from guardsh.commands.shell_words import UnreadableError
from guardsh.model.intent import Invocation

_DEEPEST = 32  # command lines in each other
_MOST_PREFIXES = 64
_OTHER_ROOT = frozenset({"chroot", "nsenter"})
_HERE = "?"  # a prefix that is not known

Outcome: TypeAlias = tuple[Shell | None, Shell | None]  # where it succeeds, where it fails; None: it does not


@dataclass(frozen=True, slots=True)
class Typed:
    """What is known of a command beside its words: all the words typed, those of them that are not known yet, doubts
    about it, and the directories that paths on its standard input lie below (None: not known)."""

    words: tuple[str, ...]
    unknown: frozenset[str] = frozenset()
    doubts: tuple[str, ...] = ()
    upstream: tuple[str, ...] | None = None


T = TypeVar("T")


class CommandReader(ABC):
    """Collects what it finds."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self.elsewhere: list[str] = []
        self.depth = 0

    @abstractmethod
    def script(self, line: str, shell: Shell) -> Outcome:
        """Read a command line that runs in ``shell``."""

    def command(self, invocation: Invocation, shell: Shell, typed: Typed) -> None:
        """One command with all its words; ``shell`` is the one that starts it."""
        for _ in range(_MOST_PREFIXES):
            inner = behind(invocation)
            if inner is None:
                break
            self._in_between(invocation, shell, typed)
            invocation = inner
        else:
            raise UnreadableError("it has too many prefixes")
        if not invocation.words:
            return
        if invocation.name in COMMANDS:
            self.found.append(Found(invocation, typed.words, (*typed.doubts, *_doubts(invocation, typed.unknown))))
        elif invocation.words[0] in typed.unknown:
            self._unknown(invocation, typed)
            return
        self._in_between(invocation, shell, typed)

    def _in_between(self, invocation: Invocation, shell: Shell, typed: Typed) -> None:
        """What a program runs that is not simply its last words."""
        self.elsewhere += filter(None, [runners.elsewhere(invocation)])
        for script in runners.scripts(invocation):
            self._script(script, invocation, shell, typed)
        for inner in runners.commands(invocation, typed.upstream):
            self._inner(inner, invocation, shell, typed)

    def _inner(self, inner: runners.Inner, outer: Invocation, shell: Shell, typed: Typed) -> None:
        places = {path: normpath(join(outer.cwd, path)) for path in inner.below}
        within = replace(
            outer,
            words=tuple(_below(places[word]) if word in places else word for word in inner.words),
            prefixes=(*outer.prefixes, outer.words[0]),
            input=None,
            input_file="",
            below=(*outer.below, *places.values()),
        )
        doubts = (*typed.doubts, *([inner.doubt] if inner.doubt else []))
        self.deeper(lambda: self.command(within, shell, replace(typed, doubts=doubts, upstream=None)))

    def _script(self, script: runners.Script, outer: Invocation, shell: Shell, typed: Typed) -> None:
        own = outer.name in runners.OWN_SHELL
        if script.home:
            outer = replace(outer, environment={"HOME": script.home}, cwd=script.home if script.login else outer.cwd)
        inside = (
            shell.at(None) if outer.name == "trap" else shell.copy()
        )  # a trap runs later, wherever the shell is then
        if not own:
            whole = _is_whole(outer) and script.text not in typed.unknown
            inside = Shell((outer.cwd,), dict(outer.environment), {}, {}, shell.expand, whole, _language(outer))
            inside.variables |= shell.inherited()
            set_parameters(script.parameters, bool(typed.unknown.intersection(script.parameters)), inside)
        before = len(self.found)
        self.deeper(lambda: self.script(script.text, inside))
        prefixes = () if own else (*outer.prefixes, *outer.words[:1])
        for index, found in enumerate(self.found[before:], before):
            self.found[index] = _as_part(found, prefixes, outer.below, typed)

    def deeper(self, read: Callable[[], T]) -> T:
        """Read what lies in another command."""
        if self.depth == _DEEPEST:
            raise UnreadableError("command lines nest too deeply")
        self.depth += 1
        result = read()
        self.depth -= 1
        return result

    def _unknown(self, invocation: Invocation, typed: Typed) -> None:
        """A command word that is not known, at its worst: a guarded word behind it, or else rm -rf of its operands.

        Without operands that are known it is left to the second net, which sees what it became.
        """
        note = f"What {invocation.words[0]} stands for is not known before the line runs"
        for position, word in enumerate(invocation.words):
            if word.rpartition("/")[2] in COMMANDS:
                inner = replace(invocation, words=invocation.words[position:])
                doubts = (*typed.doubts, *_doubts(inner, typed.unknown))
                self.found.append(Found(inner, typed.words, doubts, note + "."))
                return
        operands = tuple(word for word in invocation.words if word not in typed.unknown and not word.startswith("-"))
        if operands:
            worst = replace(invocation, words=("rm", "-rf", *operands), prefixes=(*invocation.prefixes, _HERE))
            self.found.append(Found(worst, typed.words, typed.doubts, f"{note}: it is read as rm -rf."))


def _below(directory: str) -> str:
    """rm refuses ``/``, but not what find hands to it from there."""
    return "/?" if directory == "/" else directory


def _as_part(found: Found, prefixes: tuple[str, ...], below: tuple[str, ...], typed: Typed) -> Found:
    """Of a script: what runs it comes first, except where its shell does it itself."""
    own = found.invocation
    inner = own if found.is_redirection else replace(own, prefixes=(*prefixes, *own.prefixes))
    doubts = tuple(dict.fromkeys((*typed.doubts, *found.doubts)))
    return replace(found, invocation=replace(inner, below=(*below, *own.below)), typed=typed.words, doubts=doubts)


def _doubts(invocation: Invocation, unknown: frozenset[str]) -> Iterable[str]:
    for word in invocation.words:
        if word in unknown:
            yield f"what {word} stands for is not known before the line runs"
    for word in invocation.prefixes:
        if word.rpartition("/")[2] in _OTHER_ROOT:
            yield f"which files {word.rpartition('/')[2]}'s paths lead to is not looked at"


def _is_whole(invocation: Invocation) -> bool:
    """Whether its environment is known to the last variable: another account's is not (prefixes)."""
    return bool(invocation.environment) and not invocation.environment.get("HOME", "").startswith("~")


def _language(invocation: Invocation) -> str:
    return "fish" if invocation.name == "fish" else "bash"
