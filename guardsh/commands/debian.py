"""Debian's cluster tools (postgresql-common 248): what they would do to the cluster that a version and a name mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from guardsh.commands import pg_ctl
from guardsh.commands.getopt_perl import read
from guardsh.commands.grammar import CommandLine, Grammar, declare
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

_LOCALES = tuple(f"--lc-{part}=LOCALE" for part in ("collate", "ctype", "messages", "monetary", "numeric", "time"))
_VERSION = re.compile(r"\d+(\.\d+)?")
_BOTH = re.compile(r"(\d+(?:\.\d+)?)[-/](.+)")
_BACKUPS_REMOVED_BY = ("archivecleanup", "deletebroken", "expirebasebackups", "expiredumps")


@dataclass(frozen=True, slots=True)
class Cluster:
    """``configuration`` is its configuration directory, which says where its data is."""

    version: str
    name: str
    configuration: str

    @property
    def target(self) -> Target:
        return Target(self.configuration, Extent.INSTANCE, follow=True)

    @property
    def usual(self) -> str:
        """The data directory that it gets where nothing else is said (createcluster.conf can say otherwise)."""
        return f"/var/lib/postgresql/{self.version}/{self.name}"


def clusters(words: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[Cluster]:
    """Every ``VERSION NAME``, ``VERSION-NAME`` and ``VERSION/NAME`` among the words."""
    root = environment.get("PG_CLUSTER_CONF_ROOT") or "/etc/postgresql"
    for word, following in zip(words, (*words, "")[1:], strict=True):
        both = _BOTH.fullmatch(word)
        if both:
            yield Cluster(both[1], both[2], f"{root}/{both[1]}/{both[2]}")
        elif following and _VERSION.fullmatch(word):
            yield Cluster(word, following, f"{root}/{word}/{following}")


@dataclass(frozen=True, slots=True)
class Tool:
    grammar: Grammar
    intents: Callable[[CommandLine, tuple[Cluster, ...]], Iterator[Intent]]


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Without a version and a name these tools only say how they are used."""
    tool = TOOLS[invocation.name]
    line = read(tool.grammar, invocation.arguments)
    named = tuple(clusters(line.operands, invocation.environment))
    return tuple(tool.intents(line, named if line.doubts else named[:1])) if named else ()


_UNKNOWN_ACTION = (pg_ctl.Step(Effect.STOP, "could stop"),)


def _ctl(line: CommandLine, named: tuple[Cluster, ...]) -> Iterator[Intent]:
    """The action stands before or after the cluster; a mode may be given, and behind ``--`` options of pg_ctl."""
    actions = [word for word in line.operands if word in pg_ctl.ACTIONS]
    action = actions[0] if actions else next((word for word in line.operands if word.isalpha()), "")
    steps = pg_ctl.ACTIONS.get(action, _UNKNOWN_ACTION)
    doubts = (*line.doubts, *(() if actions else (f"unknown action {action}".rstrip(),)), *_other_directory(line))
    for step in steps:
        yield _intent(step.effect, named, f"pg_ctlcluster {action} {step.says}", doubts)


def _other_directory(line: CommandLine) -> Iterator[str]:
    passed = (*line.values("--options"), *line.operands)
    if any(word.startswith(("-D", "--pgdata")) or "data_directory" in word for word in passed):
        yield "an option that is passed on names another data directory"


def _drop(line: CommandLine, named: tuple[Cluster, ...]) -> Iterator[Intent]:
    """It asks nothing; a running server makes it refuse, unless --stop is given."""
    yield _intent(Effect.DELETE, named, "pg_dropcluster would delete, configuration and all,", line.doubts)


def _create(line: CommandLine, named: tuple[Cluster, ...]) -> Iterator[Intent]:
    targets = tuple(_at(line, cluster) for cluster in named)
    yield Intent(Effect.OVERWRITE, targets, "pg_createcluster would take over", line.doubts, (_DROPS,))
    if line.given("--start"):
        yield Intent(Effect.START, targets, "pg_createcluster --start would start", line.doubts)


# The END block of pg_createcluster runs pg_dropcluster, also after it has only configured a cluster that was there.
_DROPS = "if pg_createcluster fails half way, it deletes the data directory, even one that was there before"


def _rename(line: CommandLine, named: tuple[Cluster, ...]) -> Iterator[Intent]:
    yield _intent(Effect.STOP, named, "pg_renamecluster would stop", line.doubts)
    yield _intent(Effect.CONFIGURE, named, "pg_renamecluster would rename", line.doubts)


def _upgrade(line: CommandLine, named: tuple[Cluster, ...]) -> Iterator[Intent]:
    yield _intent(Effect.STOP, named, "pg_upgradecluster would stop, to upgrade it,", line.doubts)
    if line.given("--link") or "link" in line.values("--method"):
        action = "pg_upgradecluster --link would hand over to the new cluster"
        yield _intent(Effect.OVERWRITE, named, action, line.doubts, (_LINKED,))


_LINKED = "once the new cluster has been started, the old one must never be started again"


def _restore(line: CommandLine, named: tuple[Cluster, ...]) -> Iterator[Intent]:
    targets = tuple(_at(line, cluster) for cluster in named)
    yield Intent(Effect.OVERWRITE, targets, "pg_restorecluster would restore a backup into", line.doubts)


def _backup(line: CommandLine, named: tuple[Cluster, ...]) -> Iterator[Intent]:
    action = next((word for word in line.operands if word in _BACKUPS_REMOVED_BY), None)
    if action:
        yield Intent(Effect.EXPIRE, (), f"pg_backupcluster {action} would delete backups or archived WAL", line.doubts)


def _at(line: CommandLine, cluster: Cluster) -> Target:
    """Where a cluster would be made."""
    return Target(line.value("--datadir") or cluster.usual, Extent.INSTANCE, follow=True)


def _intent(
    effect: Effect, named: tuple[Cluster, ...], action: str, doubts: tuple[str, ...], notes: tuple[str, ...] = ()
) -> Intent:
    return Intent(effect, tuple(cluster.target for cluster in named), action, doubts, notes)


# As the GetOptions calls of the tools have them.
TOOLS = {
    "pg_backupcluster": Tool(declare("-k, --keep-on-error", "-v, --verbose", "--help"), _backup),
    "pg_createcluster": Tool(
        declare(
            *("-u, --user=UID", "-g, --group=GID", "-s, --socketdir=DIR", "-d, --datadir=DIR", "--start"),
            *("-e, --encoding=ENCODING", "-l, --logfile=FILE", "--start-conf=CONF", "-o, --pgoption=NAME=VALUE"),
            *("--createclusterconf=FILE", "--environment=FILE", "--no-status", "-p, --port=PORT", "-q, --quiet"),
            *("--locale=LOCALE", *_LOCALES),
        ),
        _create,
    ),
    "pg_ctlcluster": Tool(
        declare(
            *("-o, --options=OPTION", "-f, --force", "-m, --mode=MODE", "--foreground"),
            *("--skip-systemctl-redirect", "--stdlog", "--bindir=DIR"),
        ),
        _ctl,
    ),
    "pg_dropcluster": Tool(declare("--stop-server", "--stop"), _drop),
    "pg_renamecluster": Tool({}, _rename),
    "pg_restorecluster": Tool(
        declare(
            *("-d, --datadir=DIR", "-p, --port=PORT", "-s, --start", "--archive", "--pitr=TIME"),
            *("--recovery-target-time=TIME", "--wal-archive=DIR", "--createclusterconf=FILE"),
        ),
        _restore,
    ),
    "pg_upgradecluster": Tool(
        declare(
            *("-v, --version=VERSION", "--locale=LOCALE", *_LOCALES, "--logfile=FILE", "-m, --method=METHOD"),
            *("-j, --jobs=NUM", "-k, --link", "--clone", "--keep-port", "--rename=NAME", "--old-bindir=DIR"),
            *("--maintenance-db=NAME", "--start", "--no-start, --nostart"),
        ),
        _upgrade,
    ),
}
