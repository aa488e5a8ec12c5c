"""pgBackRest (2.45 to 2.59, build/config/config.yaml): what its command would do to a directory or the repository."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.commands.grammar import CommandLine, Option, Reader, Value
from guardsh.model.intent import ANY_INSTANCE, Configured, Effect, Extent, Intent, Invocation, Target

# All others take a value, which may be the next word.
BOOLEAN = frozenset(
    {
        *("allow-root", "archive-async", "archive-check", "archive-copy", "archive-header-check", "archive-mode-check"),
        *("archive-missing-retry", "backup-standby"),
        *("beta", "checksum-page", "compress", "delta", "dry-run", "expire-auto", "force", "help", "ignore-missing"),
        *("link-all", "log-subprocess", "log-timestamp", "neutral-umask", "oldest", "online", "page-header-check"),
        *("raw", "recurse", "report", "resume", "sck-block", "sck-keep-alive", "start-fast", "stop-auto"),
        *("target-exclusive", "verbose", "version"),
    }
)
_BOOLEAN_OF_REPOSITORY = ("-block", "-bundle", "-hardlink", "-storage-verify-tls", "-symlink")
_WITH_VALUE = (
    *("annotation", "archive-", "backup-", "buffer-size", "cipher-", "cmd", "compress-", "config", "db-", "exclude"),
    *("filter", "io-", "job-", "link-map", "lock-path", "log-", "manifest-", "output", "pg", "process-", "protocol-"),
    *("recovery-option", "repo", "set", "sort", "spool-", "stanza", "tablespace-map", "target", "tcp-", "tls-", "type"),
)
_DIRECTORIES = ("pg1-path", "pg-path", "db1-path", "db-path")
_UNCHECKED = (
    "pgBackRest looks for postmaster.pid, not for a server; with --delta or --force, which its configuration may say "
    "too, it deletes whatever the backup does not have",
)
_HARMLESS = frozenset(
    {
        *("annotate", "archive-push", "backup", "check", "help", "info", "manifest", "repo-get", "repo-ls", "server"),
        *("server-ping", "stanza-create", "stanza-upgrade", "start", "verify", "version"),
    }
)
_GRAVE = frozenset({"archive-get", "expire", "repo-rm", "restore", "stanza-delete", "stop"})
_ARCHIVE = {
    "expire": "would delete backups and WAL from the repository",
    "repo-rm": "would delete files from the repository, without asking",
    "stanza-delete": "would delete all backups and WAL of a stanza",
}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Without a command, for help and for a dry run, pgBackRest itself does nothing."""
    line = _Words({}, invocation.arguments).read(permute=True)
    verb, *operands = (*line.operands, "")
    if not verb or verb in _HARMLESS or line.given("--help", "--version", "--dry-run"):
        return ()
    spoken = f"pgbackrest {verb}"
    if verb in _ARCHIVE:
        return (Intent(Effect.EXPIRE, (), f"{spoken} {_ARCHIVE[verb]}", line.doubts),)
    if verb == "stop":
        return (Intent(Effect.CONFIGURE, (ANY_INSTANCE,), f"{spoken} would stop archiving for", line.doubts),)
    if verb == "archive-get":
        targets = tuple(Target(path, Extent.ENTRY, follow=True) for path in operands[1:2] if path)
        return (Intent(Effect.OVERWRITE, targets, f"{spoken} would write", line.doubts),) if targets else ()
    if verb == "restore":
        return (_restore(line, invocation),)
    doubts = (*line.doubts, f"unknown command {verb}")
    return (Intent(Effect.EXPIRE, (), f"{spoken} could empty the repository", doubts),)


def _restore(line: CommandLine, invocation: Invocation) -> Intent:
    delta = " --delta" if _is_on("delta", line, invocation) else " --force" if line.given("--force") else ""
    targets = (*_directory(line, invocation), *_mapped(line))
    action = f"pgbackrest restore{delta} would restore a backup into"
    return Intent(Effect.OVERWRITE, targets, action, line.doubts, _UNCHECKED)


def _directory(line: CommandLine, invocation: Invocation) -> Iterator[Target | Configured]:
    """An option goes before the environment, that before the configuration (config/parse.c)."""
    named = [value for name in _DIRECTORIES for value in _given(name, line, invocation)]
    if named:
        yield Target(named[0], Extent.TREE, follow=True)
    else:
        stanza = next(_given("stanza", line, invocation), "")
        yield Configured(tuple(_files(line, invocation)), (stanza, "global"), _DIRECTORIES, Extent.TREE)


def _mapped(line: CommandLine) -> Iterator[Target]:
    """``ID=PATH``, and one directory for all tablespaces."""
    maps = (*line.values("--tablespace-map"), *line.values("--link-map"))
    for path in (*(each.partition("=")[2] for each in maps), *line.values("--tablespace-map-all")):
        yield Target(path, Extent.TREE, follow=True)


def _given(name: str, line: CommandLine, invocation: Invocation) -> Iterator[str]:
    yield from line.values(f"--{name}")[-1:]
    variable = invocation.environment.get("PGBACKREST_" + name.upper().replace("-", "_"))
    if variable:
        yield variable


def _is_on(name: str, line: CommandLine, invocation: Invocation) -> bool:
    if line.given(f"--no-{name}"):
        return False
    return line.given(f"--{name}") or "y" in _given(name, line, invocation)


def _files(line: CommandLine, invocation: Invocation) -> Iterator[str]:
    """Where it reads its configuration; a directory stands for the .conf files in it."""
    base = next(_given("config-path", line, invocation), "/etc/pgbackrest")
    yield next(_given("config", line, invocation), f"{base}/pgbackrest.conf")
    yield next(_given("config-include-path", line, invocation), f"{base}/conf.d")
    yield "/etc/pgbackrest.conf"


class _Words(Reader):
    """config/parse.c: options and words in any order; ``--no-OPTION`` and ``--reset-OPTION`` take no value."""

    def long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        bare = name.removeprefix("--")
        if equals:
            self.add(Option(name, Value.REQUIRED), value)
        elif _is_boolean(bare):
            self.add(Option(name, Value.NONE), None)
        else:
            self.add_with_next_word(Option(name, Value.REQUIRED))
            self._give_back(bare)

    def _give_back(self, bare: str) -> None:
        """A command that is not harmless, and another option, are not lost to an option that nobody knows."""
        taken = self.options[-1][1] or ""
        if bare.startswith(_WITH_VALUE):
            return
        if taken in _GRAVE:
            self.operands.append(taken)
        elif taken.startswith("--"):
            self.long(taken)

    def cluster(self, letters: str) -> None:
        self.doubt(f"unknown option -{letters}")


def _is_boolean(bare: str) -> bool:
    if bare.startswith(("no-", "reset-")) or bare in BOOLEAN:
        return True
    return bare.startswith("repo") and bare.endswith(_BOOLEAN_OF_REPOSITORY)
