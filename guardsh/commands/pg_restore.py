"""pg_restore (src/bin/pg_dump/pg_restore.c, PostgreSQL 12 to 18): with --clean it drops what it will create."""

from __future__ import annotations

from guardsh.commands import libpq
from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    *("-d, --dbname=NAME", "-f, --file=FILENAME", "-F, --format=c|d|t", "-l, --list", "-v, --verbose"),
    *("-V, --version", "-?, --help", "-a, --data-only", "-c, --clean", "-C, --create", "-e, --exit-on-error"),
    *("-I, --index=NAME", "-j, --jobs=NUM", "-L, --use-list=FILENAME", "-n, --schema=NAME"),
    *("-N, --exclude-schema=NAME", "-O, --no-owner", "-P, --function=NAME", "-s, --schema-only"),
    *("-S, --superuser=NAME", "-t, --table=NAME", "-T, --trigger=NAME", "-x, --no-privileges", "--no-acl"),
    *("-1, --single-transaction", "--disable-triggers", "--enable-row-security", "--filter=FILENAME", "--if-exists"),
    *("--no-comments", "--no-data", "--no-data-for-failed-tables", "--no-policies", "--no-publications"),
    *("--no-schema", "--no-security-labels", "--no-statistics", "--no-subscriptions", "--no-table-access-method"),
    *("--no-tablespaces", "--restrict-key=RESTRICT_KEY", "--section=SECTION", "--statistics", "--statistics-only"),
    *("--strict-names", "--transaction-size=N", "--use-set-session-authorization", "--role=ROLENAME"),
    *("-R, --no-reconnect", "-g, --globals-only", "--exclude-database=PATTERN"),
    *libpq.OPTIONS,
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Without -d it writes a script, and without --clean it only adds."""
    line = read(GRAMMAR, invocation.arguments)
    database = line.value("--dbname")
    if line.given("--help", "--version", "--list") or database is None or line.given("--file"):
        return ()
    if not line.given("--clean") and not line.doubts:
        return ()
    what = "and recreate the database of the dump" if line.given("--create") else "what the dump would create"
    where = libpq.connection(line, database)
    return (Intent(Effect.SQL, (), f"pg_restore --clean would drop {what} on", line.doubts, connection=where),)
