"""pg_upgrade (src/bin/pg_upgrade/option.c, PostgreSQL 12 to 18): what it would do to the old and the new cluster."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.commands.pgdata import directory
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    "-b, --old-bindir=BINDIR",
    "-B, --new-bindir=BINDIR",
    "-c, --check",
    "-d, --old-datadir=DATADIR",
    "-D, --new-datadir=DATADIR",
    "-j, --jobs=NUM",
    "-k, --link",
    "-N, --no-sync",
    "-o, --old-options=OPTIONS",
    "-O, --new-options=OPTIONS",
    "-p, --old-port=PORT",
    "-P, --new-port=PORT",
    "-r, --retain",
    "-s, --socketdir=DIR",
    "-U, --username=NAME",
    "-v, --verbose",
    "-V, --version",
    "--clone",
    "--copy",
    "--copy-file-range",
    "--no-statistics",
    "--set-char-signedness=OPTION",
    "--swap",
    "--sync-method=METHOD",
    "-?, --help",
)
_TAKES_THE_OLD = {
    "--link": "once the new cluster has been started, the old one must never be started again",
    "--swap": "the old cluster is left without its data, and can no longer be started",
}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite the new cluster; and the old one, where its files are linked or moved. --check changes neither."""
    line = read(GRAMMAR, invocation.arguments)
    if line.given("--help", "--version") or (line.given("--check") and not line.doubts):
        return ()
    return tuple(intent for intent in (_new(line, invocation), *_old(line, invocation)) if intent.targets)


def _new(line: CommandLine, invocation: Invocation) -> Intent:
    where = directory(line, invocation, line.value("--new-datadir"), variable="PGDATANEW")
    doubts = (*where.doubts, *_other_directory(line))
    return Intent(Effect.OVERWRITE, where.targets, "pg_upgrade would write an upgraded cluster into", doubts)


def _old(line: CommandLine, invocation: Invocation) -> Iterator[Intent]:
    where = directory(line, invocation, line.value("--old-datadir"), variable="PGDATAOLD")
    for option, note in _TAKES_THE_OLD.items():
        if line.given(option):
            action = f"pg_upgrade {option} would hand over to the new cluster"
            yield Intent(Effect.OVERWRITE, where.targets, action, where.doubts, (note,))


def _other_directory(line: CommandLine) -> Iterator[str]:
    for option in ("--old-options", "--new-options"):
        if any(name in words for words in line.values(option) for name in ("-D", "data_directory")):
            yield f"{option} may name another data directory"
