"""dropdb (src/bin/scripts/dropdb.c, PostgreSQL 12 to 18): one DROP DATABASE."""

from __future__ import annotations

from guardsh.commands import libpq
from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    "-e, --echo",
    "-f, --force",
    "-i, --interactive",
    "-V, --version",
    "--if-exists",
    "-?, --help",
    *libpq.OPTIONS,
    "--maintenance-db=DBNAME",
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Without a name it refuses by itself. Its own question (-i) is not counted: on the wrong host one answers yes."""
    line = read(GRAMMAR, invocation.arguments)
    if line.given("--help", "--version") or not line.operands:
        return ()
    where = libpq.connection(line, line.value("--maintenance-db") or "postgres")
    named = " ".join(line.operands)
    return (Intent(Effect.SQL, (), f"dropdb would drop database {named} on", line.doubts, connection=where),)
