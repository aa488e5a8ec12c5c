"""Programs that run the command in their words (sudo, env, timeout …): their options, and what they change for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from posixpath import join

from guardsh.commands import COMMANDS
from guardsh.commands.grammar import CommandLine, Grammar, declare, read
from guardsh.model.intent import Invocation


@dataclass(frozen=True, slots=True)
class Prefix:
    """``operands`` come before the command (timeout's duration). With one of the options ``instead`` no command is
    run from the words; without ``only_with`` neither. ``account`` is the option that names another account,
    whose environment is not known here."""

    options: Grammar
    operands: int = 0
    instead: tuple[str, ...] = ()
    only_with: str | None = None
    assignments: bool = False
    account: str = ""


TABLE: Mapping[str, Prefix] = {
    "chrt": Prefix(
        declare(
            *("-b, --batch", "-d, --deadline", "-f, --fifo", "-i, --idle", "-o, --other", "-r, --rr", "-v, --verbose"),
            *("-R, --reset-on-fork", "-T, --sched-runtime=NS", "-P, --sched-period=NS", "-D, --sched-deadline=NS"),
            *("-e, --ext", "-a, --all-tasks", "-m, --max", "-p, --pid", "-h, --help", "-V, --version"),
        ),
        operands=1,
        instead=("--max", "--pid"),
    ),
    "command": Prefix(declare("-p", "-v", "-V"), instead=("-v", "-V")),
    "doas": Prefix(declare("-a STYLE", "-C FILE", "-L", "-n", "-s", "-u USER"), instead=("-C", "-L"), account="-u"),
    "env": Prefix(
        declare(
            *("-i, --ignore-environment", "-0, --null", "-u, --unset=NAME", "-C, --chdir=DIR"),
            *("-S, --split-string=S", "--block-signal[=SIG]", "--default-signal[=SIG]", "--ignore-signal[=SIG]"),
            *("--list-signal-handling", "-a, --argv0=NAME", "-v, --debug", "--help", "--version"),
        ),
        assignments=True,
    ),
    "exec": Prefix(declare("-a NAME", "-c", "-l")),
    "flock": Prefix(
        declare(
            *("-s, --shared", "-x, -e, --exclusive", "-u, --unlock", "-n, --nb, --nonblock", "-w, --wait, --timeout=S"),
            *("-E, --conflict-exit-code=N", "-o, --close", "-c, --command=COMMAND", "-F, --no-fork", "--fcntl"),
            *("--verbose", "-h, --help", "-V, --version"),
        ),
        operands=1,
        instead=("--command",),
    ),
    "ionice": Prefix(
        declare(
            *("-c, --class=CLASS", "-n, --classdata=NUM", "-p, --pid=PID", "-P, --pgid=PGRP", "-t, --ignore"),
            *("-u, --uid=UID", "-h, --help", "-V, --version"),
        ),
        instead=("--pid", "--pgid", "--uid"),
    ),
    "nice": Prefix(declare("-n, --adjustment=N", "--help", "--version", *(f"-{digit}" for digit in range(10)))),
    "nohup": Prefix(declare("--help", "--version")),
    "runuser": Prefix(
        declare(
            *("-u, --user=USER", "-m, -p, --preserve-environment", "-w, --whitelist-environment=LIST"),
            *("-g, --group=GROUP", "-G, --supp-group=GROUP", "-l, --login", "-c, --command=COMMAND"),
            *("--session-command=COMMAND", "-f, --fast", "-s, --shell=SHELL", "-P, --pty", "-T, --no-pty"),
            *("-h, --help", "-V, --version"),
        ),
        only_with="--user",
        account="--user",
    ),
    "setsid": Prefix(declare("-c, --ctty", "-f, --fork", "-w, --wait", "-h, --help", "-V, --version")),
    "stdbuf": Prefix(declare("-i, --input=MODE", "-o, --output=MODE", "-e, --error=MODE", "--help", "--version")),
    "sudo": Prefix(
        declare(
            *("-A, --askpass", "-b, --background", "-B, --bell", "-C, --close-from=NUM", "-D, --chdir=DIR"),
            *("-E", "--preserve-env[=LIST]", "-e, --edit", "-g, --group=GROUP", "-H, --set-home", "-h, --host=HOST"),
            *("-i, --login", "-K, --remove-timestamp", "-k, --reset-timestamp", "-l, --list", "-n, --non-interactive"),
            *("-N, --no-update", "-P, --preserve-groups", "-p, --prompt=PROMPT", "-R, --chroot=DIR", "-r, --role=ROLE"),
            *(
                "-S, --stdin",
                "-s, --shell",
                "-t, --type=TYPE",
                "-T, --command-timeout=TIMEOUT",
                "-U, --other-user=USER",
            ),
            *("-u, --user=USER", "-V, --version", "-v, --validate", "--help"),
        ),
        instead=("--edit", "--list", "--remove-timestamp", "--validate"),
        assignments=True,
        account="--user",
    ),
    "taskset": Prefix(
        declare("-a, --all-tasks", "-p, --pid", "-c, --cpu-list", "-h, --help", "-V, --version"),
        operands=1,
        instead=("--pid",),
    ),
    "time": Prefix(
        declare(
            *("-a, --append", "-f, --format=FORMAT", "-o, --output=FILE", "-p, --portability", "-q, --quiet"),
            *("-v, --verbose", "-h, --help", "-V, --version"),
        )
    ),
    "timeout": Prefix(
        declare(
            *("--preserve-status", "--foreground", "-p", "-f", "-k, --kill-after=DURATION", "-s, --signal=SIGNAL"),
            *("-v, --verbose", "--help", "--version"),
        ),
        operands=1,
    ),
}


def peel(words: tuple[str, ...], cwd: str, environment: Mapping[str, str]) -> Invocation:
    """The command behind any prefixes, with the working directory and environment that they give it.

    A directory or home that is only known by its account is written ``~account``. What is no prefix of the table,
    and a prefix that runs no command from its words, stays as it is.
    """
    invocation = Invocation(words, cwd, dict(environment))
    while (behind := _behind(invocation)) is not None:
        invocation = behind
    return invocation


def _behind(invocation: Invocation) -> Invocation | None:
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
    if not words or words[0].startswith("-"):  # flock FILE -c COMMAND
        return None
    own = invocation.words[: len(invocation.words) - len(words)]
    environment = _environment(prefix, line, invocation) | assigned
    return Invocation(words, _directory(line, invocation), environment, invocation.prefixes + own)


def _from_a_known_name(words: tuple[str, ...]) -> tuple[str, ...]:
    """The value of an option that is not understood may stand before the command: that begins at a name we read."""
    names = (word.rpartition("/")[2] for word in words)
    found = (position for position, name in enumerate(names) if name in COMMANDS or name in TABLE)
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
    if prefix.account and not line.given("-E", "--preserve-env"):
        return {"HOME": _home(prefix, line)}
    unset = line.values("--unset")
    return {name: value for name, value in invocation.environment.items() if name not in unset}


def _directory(line: CommandLine, invocation: Invocation) -> str:
    """Where the command runs: ``env -C`` and ``sudo -D`` say so; a login begins at home."""
    if line.given("--login") and not line.given("--chdir"):
        return f"~{line.value('--user') or 'root'}"
    return join(invocation.cwd, *line.values("--chdir")[-1:])


def _home(prefix: Prefix, line: CommandLine) -> str:
    return f"~{line.value(prefix.account) or 'root'}"
