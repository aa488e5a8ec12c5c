"""pg_archivecleanup (src/bin/pg_archivecleanup/pg_archivecleanup.c, PostgreSQL 12 to 18): where it would delete WAL."""

from __future__ import annotations

from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    "-b, --clean-backup-history",
    "-d, --debug",
    "-n, --dry-run",
    "-x, --strip-extension=EXT",
    "-V, --version",
    "-?, --help",
)
_LOCATION_AND_OLDEST = 2


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Delete in the directory named, which may be an instance's pg_wal, and expire what an archive there holds.

    Without a directory and the oldest file to keep, pg_archivecleanup itself refuses.
    """
    line = read(GRAMMAR, invocation.arguments)
    if line.given("--help", "--version") or (line.given("--dry-run") and not line.doubts):
        return ()
    if len(line.operands) < _LOCATION_AND_OLDEST and not line.doubts:
        return ()
    named = line.operands if line.doubts else line.operands[:1]
    targets = tuple(Target(path, Extent.TREE, follow=True) for path in named if path)
    return (
        Intent(Effect.DELETE, targets, "pg_archivecleanup would delete old segments from", line.doubts),
        Intent(Effect.EXPIRE, (), "pg_archivecleanup would delete old segments from the archive", line.doubts),
    )
