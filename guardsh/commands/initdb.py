"""initdb (src/bin/initdb/initdb.c, PostgreSQL 12 to 18): the directories in which it would create a cluster."""

from __future__ import annotations

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.commands.pgdata import directory
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    "-A, --auth=METHOD",
    "--auth-host=METHOD",
    "--auth-local=METHOD",
    "-D, --pgdata=DATADIR",
    "-E, --encoding=ENCODING",
    "-g, --allow-group-access",
    "--icu-locale=LOCALE",
    "--icu-rules=RULES",
    "-k, --data-checksums",
    "--no-data-checksums",
    "--locale=LOCALE",
    *(f"--lc-{category}=LOCALE" for category in ("collate", "ctype", "messages", "monetary", "numeric", "time")),
    "--no-locale",
    "--builtin-locale=LOCALE",
    "--locale-provider=PROVIDER",
    "--pwfile=FILE",
    "-T, --text-search-config=CFG",
    "-U, --username=NAME",
    "-W, --pwprompt",
    "-X, --waldir=WALDIR",
    "--wal-segsize=SIZE",
    "-c, --set=NAME=VALUE",
    "-d, --debug",
    "--discard-caches",
    "-L DIRECTORY",
    "-n, --no-clean",
    "-N, --no-sync",
    "--no-sync-data-files",
    "--no-instructions",
    "-s, --show",
    "--sync-method=METHOD",
    "-S, --sync-only",
    "-V, --version",
    "-?, --help",
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite the data directory, and with -X that of the write-ahead log. initdb refuses what is not empty; that
    it is empty is left to observation."""
    line = read(GRAMMAR, invocation.arguments)
    given = line.value("--pgdata") or next(iter(line.operands), None)
    where = directory(line, invocation, given, variable="PGDATA", extent=Extent.TREE)
    if not where.targets or _creates_nothing(line):
        return ()
    wal = tuple(Target(path, Extent.TREE, follow=True) for path in line.values("--waldir")[-1:] if path)
    return (Intent(Effect.OVERWRITE, (*where.targets, *wal), "initdb would create a cluster in", where.doubts),)


def _creates_nothing(line: CommandLine) -> bool:
    return line.given("--help", "--version") or (line.given("--show", "--sync-only") and not line.doubts)
