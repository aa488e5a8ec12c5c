"""pg_resetwal (src/bin/pg_resetwal/pg_resetwal.c, PostgreSQL 12 to 18): whose write-ahead log it would throw away."""

from __future__ import annotations

from guardsh.commands.grammar import declare, read
from guardsh.commands.pgdata import directory
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    "-D, --pgdata=DATADIR",
    "-f, --force",
    "-n, --dry-run",
    "-V, --version",
    "-?, --help",
    "-c, --commit-timestamp-ids=XID,XID",
    "-e, --epoch=XIDEPOCH",
    "-l, --next-wal-file=WALFILE",
    "-m, --multixact-ids=MXID,MXID",
    "-o, --next-oid=OID",
    "-O, --multixact-offset=OFFSET",
    "-u, --oldest-transaction-id=XID",
    "-x, --next-transaction-id=XID",
    "--char-signedness=OPTION",
    "--wal-segsize=SIZE",
)
_NOTE = "what was committed and is only in the write-ahead log is lost, and the data may be inconsistent: a last resort"


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite the control file and the write-ahead log. pg_resetwal looks at no PGDATA."""
    line = read(GRAMMAR, invocation.arguments)
    given = line.value("--pgdata") or next(iter(line.operands), None)
    where = directory(line, invocation, given)
    if line.given("--help", "--version") or (line.given("--dry-run") and not line.doubts) or not where.targets:
        return ()
    action = "pg_resetwal would throw away the write-ahead log in"
    return (Intent(Effect.OVERWRITE, where.targets, action, where.doubts, (_NOTE,)),)
