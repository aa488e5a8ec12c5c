"""pg_ctl (src/bin/pg_ctl/pg_ctl.c, PostgreSQL 12 to 18): what its action would do to which instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import ANY_INSTANCE, Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    "-D, --pgdata=DATADIR",
    "-s, --silent",
    "-t, --timeout=SECS",
    "-V, --version",
    "-w, --wait",
    "-W, --no-wait",
    "-?, --help",
    "-c, --core-files",
    "-l, --log=FILENAME",
    "-o, --options=OPTIONS",
    "-p PATH",
    "-m, --mode=MODE",
    # Windows only, yet parsed everywhere.
    *("-e SOURCE", "-N SERVICENAME", "-P PASSWORD", "-S START-TYPE", "-U USERNAME"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One effect of an action, how a sentence about it goes on, and how far it reaches from the directory named:
    initdb takes that for what it is, the others look through a directory that has only the configuration."""

    effect: Effect
    says: str
    extent: Extent = Extent.INSTANCE


_STOP, _START = Step(Effect.STOP, "would stop"), Step(Effect.START, "would start")
_INIT = Step(Effect.OVERWRITE, "would create a cluster in", Extent.TREE)
ACTIONS = {
    "init": (_INIT,),
    "initdb": (_INIT,),
    "start": (_START,),
    "stop": (_STOP,),
    "restart": (_STOP, _START),
    "promote": (Step(Effect.PROMOTE, "would promote"),),
    "reload": (),
    "status": (),
    "logrotate": (),
}
_UNKNOWN_ACTION = (Step(Effect.STOP, "could stop"),)

# What the postmaster does nothing grave on (pqsignal calls in PostmasterMain, src/backend/postmaster/postmaster.c).
# USR2 is not among them: the checkpointer exits on it, and with it every session.
_HARMLESS_SIGNALS = ("HUP", "USR1")
_GRAVE_SIGNALS = ("ABRT", "INT", "KILL", "QUIT", "TERM", "USR2")

_MODES = {"i": "immediate", "s": "smart"}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Without -D and PGDATA, without an action, and for --help and --version, pg_ctl itself does nothing."""
    line = _read(invocation.arguments)
    if line.given("--help", "--version") or not line.operands:
        return ()
    action = _action(line)
    if action == "kill":
        return _kill(line)
    doubts = (*line.doubts, *_doubts(line, action, invocation))
    spoken = f"pg_ctl {action}{_mode(line, action)}"
    steps = ((step, _targets(line, step.extent, invocation)) for step in ACTIONS.get(action, _UNKNOWN_ACTION))
    return tuple(Intent(step.effect, targets, f"{spoken} {step.says}", doubts) for step, targets in steps if targets)


def _read(words: tuple[str, ...]) -> CommandLine:
    """Options and actions in any order. pg_ctl starts getopt_long anew after the action, so that words after ``--``
    are operands only up to there."""
    line = read(GRAMMAR, words)
    taken = 3 if line.operands[:1] == ("kill",) else 1
    after = line.operands[taken:]
    if not any(word.startswith("-") for word in after):
        return line
    again = read(GRAMMAR, after)
    operands = line.operands[:taken] + again.operands
    return CommandLine(line.options + again.options, operands, line.doubts + again.doubts)


def _action(line: CommandLine) -> str:
    """The first operand; where an option is not understood, that may be its value, and any action counts."""
    grave = (word for word in line.operands if line.doubts and (word == "kill" or ACTIONS.get(word)))
    return next(grave, line.operands[0])


def _targets(line: CommandLine, extent: Extent, invocation: Invocation) -> tuple[Target, ...]:
    """The directory that is meant; where an option is not understood, also each word that may be its value."""
    directory = _directory(line, invocation)
    if directory is None:
        return (ANY_INSTANCE,) if invocation.prefixes or line.doubts else ()
    possible = (word for word in line.operands if line.doubts and word not in ACTIONS)
    return tuple(Target(path or ".", extent, follow=True) for path in (directory, *possible))


def _directory(line: CommandLine, invocation: Invocation) -> str | None:
    given = line.value("--pgdata")
    return invocation.environment.get("PGDATA") if given is None else given


def _doubts(line: CommandLine, action: str, invocation: Invocation) -> Iterator[str]:
    if action not in ACTIONS:
        yield f"unknown action {action}"
    if any(name in options for options in line.values("--options") for name in ("-D", "--pgdata", "data_directory")):
        yield "-o may name another data directory"
    if _directory(line, invocation) is None:
        yield f"no -D, and PGDATA is not known{_after(invocation)}"


def _after(invocation: Invocation) -> str:
    return f" after {invocation.prefixes[0]}" if invocation.prefixes else ""


def _mode(line: CommandLine, action: str) -> str:
    """As in ``pg_ctl stop -m immediate``; fast is the default, and not worth a word."""
    mode = (line.value("--mode") or "f")[:1]
    return f" -m {_MODES[mode]}" if action in ("stop", "restart") and mode in _MODES else ""


def _kill(line: CommandLine) -> tuple[Intent, ...]:
    """A signal to one process: whatever runs in an instance's directory is that instance's."""
    signal, pid = (*line.operands[1:3], "", "")[:2]
    if signal in _HARMLESS_SIGNALS or (not pid and not line.doubts):
        return ()
    number = pid.strip().removeprefix("+")
    doubts = line.doubts
    if signal not in _GRAVE_SIGNALS:
        doubts = (*doubts, f"unknown signal {signal}")
    if number.isascii() and number.isdigit() and number.strip("0"):
        target = Target(f"/proc/{number}/cwd", Extent.INSTANCE, follow=True)
    else:
        target, doubts = ANY_INSTANCE, (*doubts, f"{pid or 'nothing'} is not the number of one process")
    return (Intent(Effect.STOP, (target,), f"pg_ctl kill {signal} {pid} would stop", doubts),)
