"""pg_basebackup (src/bin/pg_basebackup/pg_basebackup.c, PostgreSQL 12 to 18): the directories that it would fill."""

from __future__ import annotations

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    "-D, --pgdata=DIRECTORY",
    "-F, --format=p|t",
    "-i, --incremental=OLDMANIFEST",
    "-r, --max-rate=RATE",
    "-R, --write-recovery-conf",
    "-t, --target=TARGET",
    "-T, --tablespace-mapping=OLDDIR=NEWDIR",
    "--waldir=WALDIR",
    "-X, --wal-method=none|fetch|stream",
    "-z, --gzip",
    "-Z, --compress=METHOD",
    "-c, --checkpoint=fast|spread",
    "-C, --create-slot",
    "-l, --label=LABEL",
    "-n, --no-clean",
    "-N, --no-sync",
    "-P, --progress",
    "-S, --slot=SLOTNAME",
    "-v, --verbose",
    "-V, --version",
    "--manifest-checksums=ALGORITHM",
    "--manifest-force-encode",
    "--no-estimate-size",
    "--no-manifest",
    "--no-slot",
    "--no-verify-checksums",
    "--sync-method=METHOD",
    "-?, --help",
    "-d, --dbname=CONNSTR",
    "-h, --host=HOSTNAME",
    "-p, --port=PORT",
    "-s, --status-interval=INTERVAL",
    "-U, --username=NAME",
    "-w, --no-password",
    "-W, --password",
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite every directory that it would create or fill; without one pg_basebackup itself refuses.

    It takes no operands; one counts only where an option is not understood, whose value it may be.
    """
    line = read(GRAMMAR, invocation.arguments)
    paths = _directories(line) + (line.operands if line.doubts else ())
    targets = tuple(Target(path, Extent.TREE, follow=True) for path in paths if path)
    if line.given("--help", "--version") or not targets:
        return ()
    return (Intent(Effect.OVERWRITE, targets, "pg_basebackup would write into", line.doubts),)


def _directories(line: CommandLine) -> tuple[str, ...]:
    """``-D -`` is standard output; ``-t server:DIR`` a directory of the server's machine, which may be this one."""
    on_server = (target.removeprefix("server:") for target in line.values("--target") if target.startswith("server:"))
    named = (path for path in line.values("--pgdata")[-1:] if path != "-")
    return (*named, *line.values("--waldir")[-1:], *mapped_to(line), *on_server)


def mapped_to(line: CommandLine) -> tuple[str, ...]:
    """The new directories of ``-T OLDDIR=NEWDIR``; a backslash makes an equals sign part of a path."""
    mapped = (mapping.replace("\\=", "\0").rpartition("=")[2] for mapping in line.values("--tablespace-mapping"))
    return tuple(path.replace("\0", "=") for path in mapped)
