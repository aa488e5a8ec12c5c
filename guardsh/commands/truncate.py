"""truncate, shred and touch (coreutils 9): files that change where they are."""

from __future__ import annotations

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.commands.written import written
from guardsh.model.intent import Intent, Invocation

GRAMMARS = {
    "truncate": declare(
        *("-c, --no-create", "-o, --io-blocks", "-r, --reference=RFILE", "-s, --size=SIZE", "--help", "--version")
    ),
    "shred": declare(
        *("-f, --force", "-n, --iterations=N", "--random-source=FILE", "-s, --size=N", "-u", "--remove[=HOW]"),
        *("-v, --verbose", "-x, --exact", "-z, --zero", "--help", "--version"),
    ),
    "touch": declare(
        *("-a", "-c, --no-create", "-d, --date=STRING", "-f", "-h, --no-dereference", "-m", "-r, --reference=FILE"),
        *("-t STAMP", "--time=WORD", "--help", "--version"),
    ),
}
_ACTIONS = {
    "truncate": "truncate would change the size of",
    "shred": "shred would destroy",
    "touch": "touch would make",
}
# What touch changes is the time of a file; but by their existence these decide the role (xlogrecovery.c).
_TELLING = ("recovery.conf", "recovery.signal", "standby.signal")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite every operand; of touch, only those that mean something by being there."""
    grammar = GRAMMARS[invocation.name]
    line = read(grammar, invocation.arguments, permute="POSIXLY_CORRECT" not in invocation.environment)
    if line.given("--help", "--version") or (invocation.name == "touch" and line.given("--no-create")):
        return ()
    files = _telling(line) if invocation.name == "touch" else line.operands
    return written(files, invocation, _ACTIONS[invocation.name], line.doubts)


def _telling(line: CommandLine) -> tuple[str, ...]:
    return tuple(path for path in line.operands if path.rpartition("/")[2] in _TELLING)
