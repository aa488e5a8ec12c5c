"""pg_ctl (src/bin/pg_ctl/pg_ctl.c, PostgreSQL 12 to 18): what its action would do to which instance."""

from __future__ import annotations

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

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

# The effects of each action, in the order in which they happen, and how a sentence about them goes on.
ACTIONS = {
    "init": ((Effect.OVERWRITE, "would create a cluster in"),),
    "initdb": ((Effect.OVERWRITE, "would create a cluster in"),),
    "start": ((Effect.START, "would start"),),
    "stop": ((Effect.STOP, "would stop"),),
    "restart": ((Effect.STOP, "would stop"), (Effect.START, "would start again")),
    "promote": ((Effect.PROMOTE, "would promote"),),
    "reload": (),
    "status": (),
    "logrotate": (),
}
_UNKNOWN_ACTION = ((Effect.STOP, "could stop"),)

# What the postmaster does nothing grave on (pqsignal calls in PostmasterMain, src/backend/postmaster/postmaster.c).
# USR2 is not among them: the checkpointer exits on it, and with it every session.
_HARMLESS_SIGNALS = ("HUP", "USR1")
_GRAVE_SIGNALS = ("ABRT", "INT", "KILL", "QUIT", "TERM", "USR2")

_MODES = {"i": "immediate", "s": "smart"}
_NOTES = {
    "init": ("initdb itself refuses a directory that is not empty",),
    "initdb": ("initdb itself refuses a directory that is not empty",),
}

# A data directory that is not known may be that of any instance on this node.
_ANY = Target("/", Extent.TREE)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Without -D and PGDATA, without an action, and for --help and --version, pg_ctl itself does nothing.

    -D may be a directory that has only the configuration: ``Extent.INSTANCE`` leaves it to observation.
    """
    line = _read(invocation.arguments)
    if line.given("--help", "--version") or not line.operands:
        return ()
    action = _action(line)
    if action == "kill":
        return _kill(line)
    effects = ACTIONS.get(action, _UNKNOWN_ACTION)
    targets, doubts = _instance(line, invocation)
    if not targets:
        return ()
    if action not in ACTIONS:
        doubts = (*doubts, f"unknown action {action}")
    notes = _NOTES.get(action, ())
    spoken = f"pg_ctl {action}{_mode(line, action)}"
    return tuple(Intent(effect, targets, f"{spoken} {goes_on}", doubts, notes) for effect, goes_on in effects)


def _action(line: CommandLine) -> str:
    """The first operand; where an option is not understood, that may be its value, and any action counts."""
    grave = (word for word in line.operands if line.doubts and (word == "kill" or ACTIONS.get(word)))
    return next(grave, line.operands[0])


def _read(words: tuple[str, ...]) -> CommandLine:
    """Options and actions in any order. Its loop starts getopt_long anew after the action, so that what stands after
    ``--`` is an operand only up to there."""
    line = read(GRAMMAR, words)
    taken = 3 if line.operands[:1] == ("kill",) else 1
    if not any(word.startswith("-") for word in line.operands[taken:]):
        return line
    after = _read(line.operands[taken:])
    operands = line.operands[:taken] + after.operands
    return CommandLine(line.options + after.options, operands, line.doubts + after.doubts)


def _instance(line: CommandLine, invocation: Invocation) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """The instance that is meant, and what is doubtful about it."""
    doubts = line.doubts
    if any(name in options for options in line.values("--options") for name in ("-D", "--pgdata", "data_directory")):
        doubts = (*doubts, "-o may name another data directory")
    directory = line.value("--pgdata")
    if directory is None:
        directory = invocation.environment.get("PGDATA")
    if directory is not None:
        named = (Target(directory or ".", Extent.INSTANCE, follow=True),)
        return (*named, *_possible(line)), doubts
    if invocation.prefixes or line.doubts:
        return (_ANY,), (*doubts, f"no -D, and PGDATA is not known{_after(invocation)}")
    return (), doubts


def _possible(line: CommandLine) -> tuple[Target, ...]:
    """Where an option is not understood, each word too many may be its value, and so the directory."""
    words = line.operands if line.doubts else ()
    return tuple(Target(word, Extent.INSTANCE, follow=True) for word in words if word not in ACTIONS)


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
        target, doubts = _ANY, (*doubts, f"{pid or 'nothing'} is not the number of one process")
    return (Intent(Effect.STOP, (target,), f"pg_ctl kill {signal} {pid} would stop", doubts),)
