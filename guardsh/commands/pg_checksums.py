"""pg_checksums (src/bin/pg_checksums/pg_checksums.c, PostgreSQL 12 to 18): what it would change in which directory."""

from __future__ import annotations

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.commands.pgdata import directory
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    "-D, --pgdata=DATADIR",
    "-c, --check",
    "-d, --disable",
    "-e, --enable",
    "-f, --filenode=FILENODE",
    "-N, --no-sync",
    "-P, --progress",
    "--sync-method=METHOD",
    "-v, --verbose",
    "-V, --version",
    "-?, --help",
)
_ENABLE = (Effect.OVERWRITE, "pg_checksums --enable would rewrite every page of")
_DISABLE = (Effect.CONFIGURE, "pg_checksums --disable would switch off the checksums of")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Of --check, --enable and --disable the last one counts; --check, which only reads, is the default."""
    line = read(GRAMMAR, invocation.arguments)
    change = _change(line)
    given = line.value("--pgdata") or next(iter(line.operands), None)
    where = directory(line, invocation, given, variable="PGDATA")
    if line.given("--help", "--version") or change is None or not where.targets:
        return ()
    effect, action = change
    return (Intent(effect, where.targets, action, where.doubts),)


def _change(line: CommandLine) -> tuple[Effect, str] | None:
    modes = [name for name, _ in line.options if name in ("--check", "--enable", "--disable")]
    if "--enable" in (modes if line.doubts else modes[-1:]):
        return _ENABLE
    return _DISABLE if "--disable" in (modes if line.doubts else modes[-1:]) else None
