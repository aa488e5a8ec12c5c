"""pg_createsubscriber (src/bin/pg_basebackup/pg_createsubscriber.c, PostgreSQL 17, 18): which standby it would turn."""

from __future__ import annotations

from guardsh.commands.grammar import declare, read
from guardsh.commands.pgdata import directory
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    "-a, --all",
    "-d, --database=DBNAME",
    "-D, --pgdata=DATADIR",
    "-n, --dry-run",
    "-p, --subscriber-port=PORT",
    "-P, --publisher-server=CONNSTR",
    "-s, --socketdir=DIR",
    "-t, --recovery-timeout=SECS",
    "-T, --enable-two-phase",
    "-U, --subscriber-username=NAME",
    "-v, --verbose",
    "--clean=OBJECTTYPE",
    "--config-file=FILENAME",
    "--publication=NAME",
    "--replication-slot=NAME",
    "--subscription=NAME",
    "-V, --version",
    "-?, --help",
)
_NOTE = "it gets another system identifier, and can never again be a physical replica of its primary"


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite the standby's identity. pg_createsubscriber looks at no PGDATA."""
    line = read(GRAMMAR, invocation.arguments)
    where = directory(line, invocation, line.value("--pgdata"))
    if line.given("--help", "--version") or (line.given("--dry-run") and not line.doubts) or not where.targets:
        return ()
    action = "pg_createsubscriber would make a logical replica of"
    return (Intent(Effect.OVERWRITE, where.targets, action, where.doubts, (_NOTE,)),)
