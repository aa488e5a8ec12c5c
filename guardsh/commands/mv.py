"""mv and ln (coreutils 9, src/mv.c and src/ln.c): what they would take away, and the names that they would give."""

from __future__ import annotations

from guardsh.commands import destination
from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.commands.written import written
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(*destination.OPTIONS, "--debug", "--exchange", "--no-copy", "-u", "--update[=WHEN]", "-Z, --context")
LN = declare(
    *(option for option in destination.OPTIONS if option not in ("-n, --no-clobber", "--strip-trailing-slashes")),
    *("-d, -F, --directory", "-L, --logical", "-n, --no-dereference", "-P, --physical", "-r, --relative"),
    "-s, --symbolic",
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Delete each source of mv from where it is; overwrite each place that it, or a link, would become.

    A server whose data directory is moved stops with a PANIC at its next checkpoint.
    """
    link = invocation.name == "ln"
    permute = "POSIXLY_CORRECT" not in invocation.environment
    line = read(LN if link else GRAMMAR, invocation.arguments, permute=permute)
    if line.given("--help", "--version"):
        return ()
    action = f"{invocation.name} would write to"
    if link:
        return written((*_alone(line), *_places(line)), invocation, action, line.doubts, follow=False)
    return (*_taken(line), *written(_places(line), invocation, action, line.doubts, follow=False))


def _taken(line: CommandLine) -> tuple[Intent, ...]:
    paths = (*destination.sources(line), *(line.operands[-1:] if line.given("--exchange") else ()))
    targets = tuple(Target(path, Extent.TREE) for path in dict.fromkeys(paths) if path)
    return (Intent(Effect.DELETE, targets, "mv would move away", line.doubts),) if targets else ()


def _places(line: CommandLine) -> tuple[str, ...]:
    return tuple(arrival.place for arrival in destination.arrivals(line))


def _alone(line: CommandLine) -> tuple[str, ...]:
    """Of one operand, ln makes a link in the working directory."""
    if len(line.operands) != 1 or line.given("--target-directory"):
        return ()
    return (line.operands[0].rstrip("/").rpartition("/")[2],)
