"""pkill (procps 4), killall and fuser -k (psmisc 23.6): signals to processes that are looked up by what they are.

Which those are is asked of the same tools in a form that only looks: pgrep, killall with signal 0, fuser without -k.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardsh.commands.grammar import CommandLine, Grammar, declare, read
from guardsh.commands.signal_names import HARMLESS, named
from guardsh.model.intent import ANY_INSTANCE, Effect, Intent, Invocation, Signal

PKILL = declare(
    *("--signal=SIGNAL", "-q, --queue=VALUE", "-e, --echo", "-c, --count", "-f, --full", "-g, --pgroup=PGID"),
    *(
        "-G, --group=GID",
        "-i, --ignore-case",
        "-n, --newest",
        "-o, --oldest",
        "-O, --older=SECONDS",
        "-P, --parent=PPID",
    ),
    *("-s, --session=SID", "-t, --terminal=TTY", "-u, --euid=ID", "-U, --uid=ID", "-x, --exact", "-F, --pidfile=FILE"),
    *("-L, --logpidfile", "-r, --runstates=STATE", "-A, --ignore-ancestors", "--cgroup=GROUP", "--ns=PID"),
    *("--nslist=NS", "-H, --require-handler", "--env=NAME", "-h, --help", "-V, --version"),
)
KILLALL = declare(
    *("-e, --exact", "-I, --ignore-case", "-g, --process-group", "-y, --younger-than=TIME", "-o, --older-than=TIME"),
    *("-i, --interactive", "-l, --list", "-q, --quiet", "-r, --regexp", "-s, --signal=SIGNAL", "-u, --user=USER"),
    *("-v, --verbose", "-V, --version", "-w, --wait", "-n, --ns=PID", "-Z, --context=REGEXP"),
)
FUSER = declare(
    *("-a, --all", "-i, --interactive", "-I, --inode", "-k, --kill", "-l, --list-signals", "-m, --mount"),
    *("-M, --ismountpoint", "-n, --namespace=SPACE", "-s, --silent", "-u, --user", "-v, --verbose", "-w, --writeonly"),
    *("-V, --version", "-4, --ipv4", "-6, --ipv6", "-c", "-f"),
)


@dataclass(frozen=True, slots=True)
class _Tool:
    """``lister`` begins the command that only looks; of the options ``kept`` go along."""

    options: Grammar
    default: str
    lister: tuple[str, ...]
    kept: frozenset[str]


_TOOLS = {
    "pkill": _Tool(
        PKILL,
        "TERM",
        ("pgrep",),
        frozenset(option.name for option in PKILL.values())
        - {"--signal", "--queue", "--echo", "--count", "--help", "--version"},
    ),
    "killall": _Tool(
        KILLALL,
        "TERM",
        ("killall", "-s", "0", "-v"),
        frozenset({"--exact", "--ignore-case", "--process-group", "--younger-than", "--older-than", "--regexp"})
        | {"--user", "--ns", "--context"},
    ),
    "fuser": _Tool(
        FUSER,
        "KILL",
        ("fuser",),
        frozenset({"--inode", "--mount", "--ismountpoint", "--namespace", "--writeonly", "--ipv4", "--ipv6", "-c"}),
    ),
}
_ANSWERS = ("--help", "--version", "--list", "--list-signals")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Stop the servers among the processes found; where an option is not understood, that may be any."""
    name, tool = invocation.name, _TOOLS[invocation.name]
    families = ("-4", "-6") if name == "fuser" else ()  # of sockets
    signals = [
        (index, found)
        for index, word in enumerate(invocation.arguments)
        if word not in families and (found := _signal(word))
    ]
    index, signal = signals[0] if signals else (-1, tool.default)
    words = tuple(word for position, word in enumerate(invocation.arguments) if position != index)
    line = read(tool.options, words)
    if line.given(*_ANSWERS) or (name == "fuser" and not line.given("--kill")):
        return ()
    given = line.value("--signal")
    signal = signal if given is None else named(given)
    if signal in HARMLESS or not (line.operands or line.options):
        return ()
    action = f"{name} -{signal} would stop"
    if line.doubts:
        return (Intent(Effect.STOP, (ANY_INSTANCE,), action, line.doubts),)
    return (Intent(Effect.STOP, (), action, signal=Signal(signal, listings=(tuple(_listing(tool, line)),))),)


def _signal(word: str) -> str:
    """``-9``, ``-KILL``; a single letter is an option."""
    return named(word[1:]) if word.startswith("-") and (len(word) > 2 or word[1:].isdecimal()) else ""


def _listing(tool: _Tool, line: CommandLine) -> Iterator[str]:
    """Behind ``--``, so that nothing else can become an option; fuser has no such end, and no name of a file that
    would need it."""
    yield from tool.lister
    for option, value in line.options:
        if option in tool.kept:
            yield option
            if value is not None:
                yield value
    if tool.lister[0] != "fuser":
        yield "--"
    yield from (word for word in line.operands if tool.lister[0] != "fuser" or not word.startswith("-"))
