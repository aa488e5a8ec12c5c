"""repmgr (5.3 to 5.5, repmgr-client.c and repmgr-client-global.h): what its action would do to this node's instance."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.model.intent import ANY_INSTANCE, Configured, Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    *("-?, --help", "-V, --version", "--version-number", "-b, --pg_bindir=PATH", "-f, --config-file=PATH"),
    *("-F, --force", "-d, --dbname=DBNAME", "-h, --host=HOST", "-p, --port=PORT", "-U, --username=USER"),
    *("-D, --pgdata=DIR", "--node-id=ID", "--node-name=NAME", "--remote-node-id=ID", "--dry-run"),
    *("-L, --log-level=LEVEL", "--log-to-file", "-q, --quiet", "-t, --terse", "-v, --verbose", "-w", "-W, --wait"),
    *("--no-wait", "-c, --fast-checkpoint", "--copy-external-config-files[=WHERE]", "--no-upstream-connection"),
    *("-R, --remote-user=USER", "--replication-user=USER", "-S, --superuser=USER", "--upstream-conninfo=CONNINFO"),
    *("--upstream-node-id=ID", "--verify-backup", "--without-barman", "--replication-conf-only"),
    *("--recovery-conf-only", "--recovery-min-apply-delay=TIME", "--wait-start=S", "--wait-sync[=S]"),
    *(
        "--siblings-follow",
        "--always-promote",
        "--force-rewind[=PATH]",
        "--repmgrd-no-pause",
        "--repmgrd-force-unpause",
    ),
    *("--archiver-lag-warning=N", "--archiver-lag-critical=N", "--replication-lag-warning=N", "--csv", "--nagios"),
    *("--archive-ready", "--downstream", "--upstream", "--replication-lag", "--role", "--slots", "--missing-slots"),
    *(
        "--has-passfile",
        "--replication-connection",
        "--repmgrd",
        "--data-directory-config",
        "--replication-config-owner",
    ),
    *("--db-connection", "--is-shutdown-cleanly", "--config-files=LIST", "--config-archive-dir=DIR"),
    *("--action=ACTION", "--list-actions", "--checkpoint", "-k, --keep-history=DAYS", "--connection-check-type=T"),
    *("--all", "--event=EVENT", "--limit=N", "--compact", "--detail", "--optformat", "-C, --remote-config-file=PATH"),
    *("--disable-wal-receiver", "--enable-wal-receiver", "--no-pause", "--daemonize"),
)
_SERVICE = {"stop": (Effect.STOP,), "restart": (Effect.STOP, Effect.START), "promote": (Effect.PROMOTE,)}
_SAYS = {
    Effect.STOP: "would stop",
    Effect.START: "would start",
    Effect.PROMOTE: "would promote",
    Effect.REWIND: "would rewind",
}
# repmgr.conf without --config-file: the working directory, /etc, the packages' places (config_file.c).
_FILES = ("repmgr.conf", "/etc/repmgr.conf", "/etc/repmgr", "/etc/postgresql/repmgr.conf")
_NOT_SURE = "repmgr takes a server that runs as another account for none"


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """A dry run, and what only writes to repmgr's own tables, does nothing to an instance."""
    line = read(GRAMMAR, invocation.arguments)
    if line.given("--help", "--version", "--version-number", "--dry-run", "--list-actions"):
        return ()
    action = tuple(word.lower() for word in line.operands[:2])
    spoken = f"repmgr {' '.join(action)}"
    if action == ("standby", "clone"):
        return _clone(line, spoken)
    if action == ("node", "rejoin"):
        rewind = line.given("--force-rewind") or bool(line.doubts)
        effects = ((Effect.REWIND,) if rewind else ()) + (Effect.START,)
        return tuple(_on_own_directory(effect, line, spoken) for effect in effects)
    return tuple(
        Intent(effect, (ANY_INSTANCE,), f"{spoken} {_SAYS[effect]}", line.doubts) for effect in _effects(action, line)
    )


def _effects(action: tuple[str, ...], line: CommandLine) -> tuple[Effect, ...]:
    match action:
        case ("standby", "promote"):
            return (Effect.PROMOTE,)
        case ("standby", "switchover"):
            return (Effect.STOP, Effect.PROMOTE)
        case ("standby", "follow"):
            return (Effect.STOP,)
        case ("node", "service"):
            return _SERVICE.get(line.value("--action") or "", ())
    return ()


def _clone(line: CommandLine, spoken: str) -> tuple[Intent, ...]:
    """Without --force a directory that is not empty is refused; with it, even one that is none of Postgres's goes."""
    if line.given("--replication-conf-only", "--recovery-conf-only"):
        return ()
    forced = line.given("--force") or line.doubts
    action = f"{spoken}{' --force' if forced else ''} would {'delete and clone anew' if forced else 'write into'}"
    notes = (_NOT_SURE,) if forced else ()
    return (Intent(Effect.OVERWRITE, tuple(_directories(line)), action, line.doubts, notes),)


def _on_own_directory(effect: Effect, line: CommandLine, spoken: str) -> Intent:
    return Intent(effect, tuple(_directories(line, Extent.INSTANCE)), f"{spoken} {_SAYS[effect]}", line.doubts)


def _directories(line: CommandLine, extent: Extent = Extent.TREE) -> Iterator[Target | Configured]:
    """The one named; it is ignored where there is a configuration file, and so is not all."""
    named = line.values("--pgdata")[-1:]
    yield from (Target(path, extent, follow=True) for path in named)
    file = line.value("--config-file")
    if file or not named:
        yield Configured((file,) if file else _FILES, ("",), ("data_directory",), extent)
