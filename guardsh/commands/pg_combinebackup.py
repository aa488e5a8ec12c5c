"""pg_combinebackup (src/bin/pg_combinebackup, PostgreSQL 17 and 18): the directories that it would fill."""

from __future__ import annotations

from guardsh.commands.grammar import declare, read
from guardsh.commands.pg_basebackup import mapped_to
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    "-d, --debug",
    "-k, --link",
    "-n, --dry-run",
    "-N, --no-sync",
    "-o, --output=DIRECTORY",
    "-T, --tablespace-mapping=OLDDIR=NEWDIR",
    "--clone",
    "--copy",
    "--copy-file-range",
    "--manifest-checksums=ALGORITHM",
    "--no-manifest",
    "--sync-method=METHOD",
    "-V, --version",
    "-?, --help",
)
_LINKED = "its files are those of the backups named: once it has been started, these backups are no longer good"


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite the output directory and the tablespaces' new ones; the operands are backups that it reads."""
    line = read(GRAMMAR, invocation.arguments)
    paths = (*line.values("--output")[-1:], *mapped_to(line), *(line.operands if line.doubts else ()))
    targets = tuple(Target(path, Extent.TREE, follow=True) for path in paths if path)
    if line.given("--help", "--version") or (line.given("--dry-run") and not line.doubts) or not targets:
        return ()
    notes = (_LINKED,) if line.given("--link") else ()
    return (Intent(Effect.OVERWRITE, targets, "pg_combinebackup would write into", line.doubts, notes),)
