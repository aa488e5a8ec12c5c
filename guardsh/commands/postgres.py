"""The server itself (src/backend/main/main.c, PostgreSQL 12 to 18): which instance its words would start."""

from __future__ import annotations

from posixpath import dirname

from guardsh.commands.grammar import CommandLine, Getopt, Option, Value, declare
from guardsh.commands.pgdata import directory
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    "-B NBUFFERS",
    "-b",
    "-c NAME=VALUE",
    "-C NAME",
    "-d LEVEL",
    "-D DATADIR",
    "-e",
    "-E",
    "-F",
    "-f FORBIDDEN",
    "-h HOSTNAME",
    "-i",
    "-j",
    "-k DIRECTORY",
    "-l",
    "-N MAX-CONNECT",
    "-n",
    "-O",
    "-o OPTIONS",
    "-P",
    "-p PORT",
    "-r FILENAME",
    "-S WORK-MEM",
    "-s",
    "-T",
    "-t WHICH",
    "-v PROTOCOL",
    "-V",
    "-W NUM",
    "-?",
)
_ONLY_TELLS = ("--help", "-?", "--version", "-V", "--describe-config", "-C", "--check")


class _Words(Getopt):
    """Every ``--NAME=VALUE`` is a setting, a hyphen in whose name stands for an underscore (ParseLongOption, guc.c)."""

    def long(self, word: str) -> None:
        name, _, value = word.partition("=")
        self.add(Option(name.replace("_", "-"), Value.OPTIONAL), value)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Start the instance, also in single-user mode, which replays and writes as any start does."""
    line = _Words(GRAMMAR, invocation.arguments).read(permute=True)
    if line.given(*_ONLY_TELLS):
        return ()
    configured = _configured(line)
    given = line.value("-D") or next(iter(configured), None)
    where = directory(line, invocation, given, variable="PGDATA")
    if not where.targets:
        return ()
    also = tuple(Target(path, Extent.INSTANCE, follow=True) for path in configured if path != given)
    mode = " --single" if line.given("--single") else ""
    return (Intent(Effect.START, (*where.targets, *also), f"postgres{mode} would start", where.doubts),)


def _configured(line: CommandLine) -> tuple[str, ...]:
    """Directories that settings name: the data directory, or that of the configuration file, which may name it."""
    settings = dict(setting.partition("=")[::2] for setting in line.values("-c"))
    settings |= {name.removeprefix("--").replace("-", "_"): value or "" for name, value in line.options}
    directories = (settings.get("data_directory", ""), dirname(settings.get("config_file", "")))
    return tuple(path for path in directories if path)
