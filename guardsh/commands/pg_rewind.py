"""pg_rewind (src/bin/pg_rewind/pg_rewind.c, PostgreSQL 12 to 18): the data directory that it would rewind."""

from __future__ import annotations

from guardsh.commands.grammar import declare, read
from guardsh.commands.pgdata import directory
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    "-c, --restore-target-wal",
    "-D, --target-pgdata=DIRECTORY",
    "--source-pgdata=DIRECTORY",
    "--source-server=CONNSTR",
    "-n, --dry-run",
    "-N, --no-sync",
    "-P, --progress",
    "-R, --write-recovery-conf",
    "--config-file=FILENAME",
    "--debug",
    "--no-ensure-shutdown",
    "--sync-method=METHOD",
    "-V, --version",
    "-?, --help",
)
_NOTE = "if it fails half way, the data directory is likely not in a state that can be recovered"


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Rewind the target. pg_rewind looks at no PGDATA; a dry run does not run crash recovery either."""
    line = read(GRAMMAR, invocation.arguments)
    where = directory(line, invocation, line.value("--target-pgdata"))
    if line.given("--help", "--version") or (line.given("--dry-run") and not line.doubts) or not where.targets:
        return ()
    return (Intent(Effect.REWIND, where.targets, "pg_rewind would rewind", where.doubts, (_NOTE,)),)
