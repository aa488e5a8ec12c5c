"""Programs that run the command in their words (sudo, env, timeout …): their options, and what they change for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from posixpath import join

from guardsh.commands import ACCOUNTS, COMMANDS, PREFIXES
from guardsh.commands.grammar import CommandLine, read
from guardsh.commands.prefix_table import TABLE, Prefix
from guardsh.model.intent import Invocation

# Of these a command is not simply what stands behind the options; the files of some are not ours.
RUNNERS = (PREFIXES - TABLE.keys()) | {"chroot", "flock", "nsenter", "runuser"}


def peel(words: tuple[str, ...], cwd: str, environment: Mapping[str, str]) -> Invocation:
    """The command behind any prefixes, with the working directory and environment that they give it.

    A directory or home that is only known by its account is written ``~account``. What is no prefix of the table,
    and a prefix that runs no command from its words, stays as it is.
    """
    invocation = Invocation(words, cwd, dict(environment))
    while (inner := behind(invocation)) is not None:
        invocation = inner
    return invocation


def behind(invocation: Invocation) -> Invocation | None:
    """The command in the words of this one; None where that is no prefix, or runs none from its words."""
    prefix = TABLE.get(invocation.name) if invocation.words else None
    if prefix is None:
        return None
    line = read(prefix.options, invocation.arguments, permute=False)
    if not _runs_words(prefix, line):
        return None
    if line.given("--split-string"):
        return _split(prefix, invocation)
    assigned, words = _assigned(prefix, line.operands[prefix.operands :])
    if line.doubts:
        words = _from_a_known_name(words)
    if not words or words[0].startswith("-"):  # flock FILE -c SCRIPT
        return None
    own = invocation.words[: len(invocation.words) - len(words)]
    return replace(
        invocation,
        words=words,
        cwd=_directory(prefix, line, invocation),
        environment=_environment(prefix, line, invocation) | assigned,
        prefixes=invocation.prefixes + own,
    )


def _from_a_known_name(words: tuple[str, ...]) -> tuple[str, ...]:
    """The value of an option that is not understood may stand before the command: that begins at a name we read."""
    names = ("" if word in ACCOUNTS else word.rpartition("/")[2] for word in words)
    found = (position for position, name in enumerate(names) if name in COMMANDS or name in PREFIXES)
    return words[next(found, 0) :]


def _runs_words(prefix: Prefix, line: CommandLine) -> bool:
    if line.given("--help", "--version", *prefix.instead):
        return False
    return prefix.only_with is None or line.given(prefix.only_with)


def _split(prefix: Prefix, invocation: Invocation) -> Invocation | None:
    """``env -S 'NAME=value rm -rf' x``: the string's words take its place, and env begins anew with what follows."""
    words = invocation.arguments
    for end in range(len(words) + 1):
        before = read(prefix.options, words[:end], permute=False)
        string = before.value("--split-string")
        if string is not None:
            split = _shell_words(string)
            env = (invocation.words[0], *_kept(before))
            return None if split is None else replace(invocation, words=(*env, *split, *words[end:]))
    return None


def _shell_words(string: str) -> tuple[str, ...] | None:
    import shlex

    try:
        return tuple(shlex.split(string))
    except ValueError:
        return None


def _kept(line: CommandLine) -> tuple[str, ...]:
    cleared = ("-i",) if line.given("--ignore-environment") else ()
    unset = (f"-u{name}" for name in line.values("--unset"))
    return (*cleared, *unset, *(f"-C{path}" for path in line.values("--chdir")))


def _assigned(prefix: Prefix, words: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Leading ``NAME=value`` words (and env's lone hyphen), and the words behind them."""
    assigned: dict[str, str] = {}
    for position, word in enumerate(words):
        name, equals, value = word.partition("=")
        if not prefix.assignments or not (equals or word == "-"):
            return assigned, words[position:]
        if equals:
            assigned[name] = value
    return assigned, ()


def _environment(prefix: Prefix, line: CommandLine, invocation: Invocation) -> dict[str, str]:
    """Of another account's environment only its home is known, unless the caller's is kept."""
    if line.given("--ignore-environment") or line.operands[:1] == ("-",):
        return {}
    if prefix.account and not line.given("-E", "--preserve-env") and (not prefix.fresh or line.given(prefix.account)):
        return {"HOME": _home(prefix, line)}
    if prefix.fresh and not line.given("--scope"):
        return {}
    unset = line.values("--unset")
    return {name: value for name, value in invocation.environment.items() if name not in unset}


def _directory(prefix: Prefix, line: CommandLine, invocation: Invocation) -> str:
    """Where the command runs: ``env -C`` and ``sudo -D`` say so; a login begins at home, a unit in ``/``."""
    if prefix.fresh and not line.given("--scope", "--same-dir", "--chdir"):
        return "/"
    if line.given("--login") and not line.given("--chdir"):
        return f"~{line.value('--user') or 'root'}"
    return join(invocation.cwd, *line.values("--chdir")[-1:])


def _home(prefix: Prefix, line: CommandLine) -> str:
    return f"~{line.value(prefix.account) or 'root'}"
