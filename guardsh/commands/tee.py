"""tee (coreutils 9) and sponge (moreutils): the files that they would write what they read to."""

from __future__ import annotations

from guardsh.commands.grammar import declare, read
from guardsh.commands.written import written
from guardsh.model.intent import Intent, Invocation

GRAMMAR = declare("-a, --append", "-i, --ignore-interrupts", "-p", "--output-error[=MODE]", "--help", "--version")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite every operand; what is appended to a file of an instance destroys it, too."""
    line = read(GRAMMAR, invocation.arguments, permute="POSIXLY_CORRECT" not in invocation.environment)
    if line.given("--help", "--version"):
        return ()
    return written(line.operands, invocation, f"{invocation.name} would write to", line.doubts)
