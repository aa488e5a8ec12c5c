"""Programs that run commands which are not simply their last words: sh -c, su -c, eval, xargs, find -exec, ssh."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from guardsh.commands import ACCOUNTS, COMMANDS, PREFIXES
from guardsh.commands.grammar import CommandLine, Grammar, declare, read
from guardsh.commands.prefix_table import TABLE
from guardsh.model.intent import Invocation

SHELLS = frozenset({"ash", "bash", "dash", "fish", "ksh", "mksh", "rbash", "sh", "zsh"})
OWN_SHELL = ("eval", "trap")
_WITH_NEXT = ("--rcfile", "--init-file")
# Of these only the names are known: they run what begins at the first word that is one.
_OTHERS = (
    PREFIXES - TABLE.keys() - SHELLS - {"eval", "find", "parallel", "script", "ssh", "su", "trap", "watch", "xargs"}
)
_TERMINALS = ("screen", "tmux")  # a command may stand anywhere behind their own, in one word or in several
_SOMETHING = "…"  # an operand that is not known
_EXECUTES = ("-exec", "-execdir", "-ok", "-okdir")
_SU = declare(
    *("-m, -p, --preserve-environment", "-w, --whitelist-environment=LIST", "-g, --group=GROUP", "-T, --no-pty"),
    *("-G, --supp-group=GROUP", "-l, --login", "-c, --command=COMMAND", "--session-command=COMMAND", "-f, --fast"),
    *("-s, --shell=SHELL", "-P, --pty", "-u, --user=USER", "-h, --help", "-V, --version"),
)
_SCRIPT = declare(
    *(
        "-I, --log-in=FILE",
        "-O, --log-out=FILE",
        "-B, --log-io=FILE",
        "-T, --log-timing=FILE",
        "-m, --logging-format=N",
    ),
    *("-t, --timing[=FILE]", "-a, --append", "-c, --command=COMMAND", "-e, --return", "-f, --flush", "--force"),
    *("-E, --echo=WHEN", "-o, --output-limit=SIZE", "-q, --quiet", "-h, --help", "-V, --version"),
)
_FLOCK = declare(
    *("-s, --shared", "-x, -e, --exclusive", "-u, --unlock", "-n, --nb, --nonblock", "-w, --wait, --timeout=S"),
    *("-E, --conflict-exit-code=N", "-o, --close", "-c, --command=COMMAND", "-F, --no-fork", "--fcntl"),
    *("--verbose", "-h, --help", "-V, --version"),
)
_WATCH = declare(
    *("-b, --beep", "-c, --color", "-C, --no-color", "-d, --differences[=permanent]", "-e, --errexit", "-g, --chgexit"),
    *("-q, --equexit=CYCLES", "-n, --interval=SECS", "-p, --precise", "-r, --no-rerun", "-s, --shotsdir=DIR"),
    *("-t, --no-title", "-w, --no-wrap", "-x, --exec", "-f, --follow", "-h, --help", "-v, --version"),
)
XARGS = declare(
    *("-0, --null", "-a, --arg-file=FILE", "-d, --delimiter=CHARACTER", "-E END", "-e, --eof[=END]", "-I R"),
    *("-i, --replace[=R]", "-L, --max-lines=N", "-l[=N]", "-n, --max-args=N", "-P, --max-procs=N", "-o, --open-tty"),
    *("-p, --interactive", "--process-slot-var=NAME", "-r, --no-run-if-empty", "-s, --max-chars=N", "--show-limits"),
    *("-t, --verbose", "-x, --exit", "--help", "--version"),
)
_SSH = declare(
    *(f"-{letter}" for letter in "46AaCfGgKkMNnqsTtVvXxYy"),
    *(f"-{letter} VALUE" for letter in "BbcDEeFIiJLlmOoPpQRSWw"),
)


@dataclass(frozen=True, slots=True)
class Script:
    """A command line that a shell runs, with its $1, $2 … ``home`` is that of another account, ``~name``, and begins
    there where it is a login."""

    text: str
    parameters: tuple[str, ...] = ()
    home: str = ""
    login: bool = False


@dataclass(frozen=True, slots=True)
class Inner:
    """The words of a command that another runs; ``doubt`` where they are not all that it gets, ``below`` as of an
    invocation."""

    words: tuple[str, ...]
    doubt: str = ""
    below: tuple[str, ...] = ()


def scripts(invocation: Invocation) -> Iterator[Script]:
    """The command lines among its words, and on its standard input."""
    name, words = invocation.name, invocation.arguments
    if name == "eval":
        yield Script(" ".join(words[1:] if words[:1] == ("--",) else words))
    elif name == "trap":
        yield from (Script(word) for word in words[:1])
    elif name in SHELLS:
        yield from _of_shell(words, invocation.input)
    elif name in ("su", "runuser"):
        yield from _of_su(read(_SU, words), invocation.input)
    elif name == "script":
        yield from map(Script, read(_SCRIPT, words).values("--command"))
    elif name == "flock":
        line = read(_FLOCK, words, permute=False)
        if line.operands[1:2] in (("-c",), ("--command",)):
            yield from map(Script, line.operands[2:3])
        yield from map(Script, line.values("--command"))
    elif name == "watch":
        line = read(_WATCH, words, permute=False)
        if line.operands and not line.given("--exec"):
            yield Script(" ".join(line.operands))
    elif name in _TERMINALS:
        yield from (Script(word) for word in words if " " in word)


def _of_shell(words: tuple[str, ...], given: str | None) -> Iterator[Script]:
    """bash(1), OPTIONS: -c takes the first word that is no option; without it and without a file, input is read."""
    commands, rest = False, list(words)
    while rest and rest[0][:1] in ("-", "+") and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            if name in ("--command", "--init-command"):  # of fish
                yield from map(Script, [value] if equals else rest[:1])
            del rest[: word in _WITH_NEXT]
        else:
            commands = commands or "c" in word
            del rest[: word.count("o") + word.count("O")]
    if commands and rest:
        yield Script(rest[0], tuple(rest[2:]))
    elif given is not None and (not rest or "-s" in words):
        yield Script(given, tuple(rest))


def _of_su(line: CommandLine, given: str | None) -> Iterator[Script]:
    """su(1): HOME is the other account's, but with -p; a lone hyphen is --login."""
    hyphen = line.operands[:1] == ("-",)
    operands = line.operands[1:] if hyphen else line.operands
    login = hyphen or line.given("--login")
    home = "" if line.given("--preserve-environment") and not login else f"~{operands[0] if operands else 'root'}"
    commands = [Script(text) for text in (*line.values("--command"), *line.values("--session-command"))]
    if not commands and not line.given("--user"):
        commands = list(_of_shell(operands[1:], given))
    yield from (replace(script, home=home, login=login) for script in commands)


def commands(invocation: Invocation, upstream: tuple[str, ...] | None) -> Iterator[Inner]:
    """The words of each command that it runs. ``upstream``: what arrives on its standard input are paths below these
    directories; None where that is not known."""
    name, words = invocation.name, invocation.arguments
    if name == "find":
        yield from _of_find(words)
    elif name == "xargs":
        yield from _of_xargs(read(XARGS, words, permute=False), invocation.input, upstream)
    elif name == "parallel":
        yield from _of_parallel(words)
    elif name == "watch":
        line = read(_WATCH, words, permute=False)
        if line.operands and line.given("--exec"):
            yield Inner(line.operands)
    elif name in _OTHERS:
        yield from map(Inner, _from_first_name(words))


def _of_find(words: tuple[str, ...]) -> Iterator[Inner]:
    starts = find_starts(words)
    for position, word in enumerate(words):
        if word in _EXECUTES:
            own = words[position + 1 :]
            end = next((at for at, each in enumerate(own) if each in (";", "+")), len(own))
            if own[:end]:
                yield Inner(_put_in(own[:end], "{}", starts), below=starts)


def find_starts(words: tuple[str, ...]) -> tuple[str, ...]:
    """The paths before the expression (find(1)); the working directory where there is none."""
    rest = list(words)
    while rest and (rest[0] in ("-H", "-L", "-P", "-D") or rest[0].startswith("-O")):
        del rest[: 2 if rest[0] == "-D" else 1]
    end = next((at for at, word in enumerate(rest) if word[:1] == "-" or word in ("(", "!", ")", ",")), len(rest))
    return tuple(rest[:end]) or (".",)


def _of_xargs(line: CommandLine, given: str | None, upstream: tuple[str, ...] | None) -> Iterator[Inner]:
    words = line.operands or ("echo",)
    if line.given("--help", "--version"):
        return
    mark = line.value("-I") or line.value("--replace") or ("{}" if line.given("-i", "--replace") else "")
    items = None if line.given("--arg-file") else _items(line, given)
    if items is not None:
        yield Inner(_put_in(words, mark, items) if mark else (*words, *items))
    elif upstream is not None and not line.given("--arg-file"):
        yield Inner(_put_in(words, mark, upstream) if mark else (*words, *upstream), below=upstream)
    else:
        handed = _put_in(words, mark, (_SOMETHING,)) if mark else (*words, _SOMETHING)
        yield Inner(handed, f"what xargs will hand to {_base(words[0])} is not known before it runs")


def _items(line: CommandLine, given: str | None) -> tuple[str, ...] | None:
    if given is None or line.given("--delimiter", "-E", "--eof"):
        return None
    if line.given("--null"):
        return tuple(given.split("\0"))
    if line.given("-I", "--replace", "-i"):
        return tuple(each.strip() for each in given.splitlines() if each.strip())
    try:
        return tuple(shlex.split(given))
    except ValueError:
        return None


def _put_in(words: tuple[str, ...], mark: str, items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        each for word in words for each in ([word.replace(mark, item) for item in items] if mark in word else [word])
    )


def _of_parallel(words: tuple[str, ...]) -> Iterator[Inner]:
    """GNU parallel: the command up to ``:::``; what stands behind goes in at ``{}`` or at its end, or is read."""
    end = next((at for at, word in enumerate(words) if word.startswith(":::")), len(words))
    items = tuple(word for word in words[end + 1 :] if not word.startswith(":::"))
    known = words[end : end + 1] == (":::",)
    for found in _from_first_name(tuple(part for word in words[:end] for part in word.split())):
        if known:
            yield Inner(_put_in(found, "{}", items) if any("{}" in word for word in found) else (*found, *items))
        else:
            yield Inner(
                (*found, _SOMETHING), f"what parallel will hand to {_base(found[0])} is not known before it runs"
            )


def _from_first_name(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for position, word in enumerate(words):
        name = "" if word in ACCOUNTS else _base(word)
        if name in COMMANDS or name in PREFIXES:
            yield words[position:]
            return


def elsewhere(invocation: Invocation) -> str:
    """A sentence about a command that another host will run, out of sight here; or nothing."""
    if invocation.name != "ssh":
        return ""
    line = read(_SSH, invocation.arguments, permute=False)
    host, *words = line.operands or ("",)
    return f"{' '.join(words)} runs on {host}, out of sight here" if words else ""


def grammars() -> dict[str, Grammar]:
    """Those that tests hold against the tools."""
    return {"flock": _FLOCK, "script": _SCRIPT, "su": _SU, "watch": _WATCH, "xargs": XARGS}


def _base(word: str) -> str:
    return word.rpartition("/")[2]
