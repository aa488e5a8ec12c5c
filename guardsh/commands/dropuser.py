"""dropuser (src/bin/scripts/dropuser.c, PostgreSQL 12 to 18): one DROP ROLE."""

from __future__ import annotations

from guardsh.commands import libpq
from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    "-e, --echo",
    "-i, --interactive",
    "-V, --version",
    "--if-exists",
    "-?, --help",
    *libpq.OPTIONS,
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """A role that owns anything is not dropped: no rows are lost."""
    line = read(GRAMMAR, invocation.arguments)
    if line.given("--help", "--version") or not line.operands:
        return ()
    where = libpq.connection(line, "postgres")
    named = " ".join(line.operands)
    return (Intent(Effect.CONFIGURE, (), f"dropuser would drop role {named} on", line.doubts, connection=where),)
