"""The guarded commands: a name, and the module that reads its words. Light: the fast path looks names up here."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from guardsh.model.intent import Intent, Invocation

# By name, so that a look-up imports nothing. Each module has ``understand(invocation) -> tuple[Intent, ...]``.
COMMANDS = {
    "barman": "guardsh.commands.barman",
    "barman-cloud-backup-delete": "guardsh.commands.barman",
    "barman-cloud-restore": "guardsh.commands.barman",
    "dropdb": "guardsh.commands.dropdb",
    "dropuser": "guardsh.commands.dropuser",
    "initdb": "guardsh.commands.initdb",
    "invoke-rc.d": "guardsh.commands.service",
    "patroni": "guardsh.commands.service",
    "patronictl": "guardsh.commands.patronictl",
    "pg_archivecleanup": "guardsh.commands.pg_archivecleanup",
    "pg_autoctl": "guardsh.commands.pg_autoctl",
    "pg_backupcluster": "guardsh.commands.debian",
    "pg_basebackup": "guardsh.commands.pg_basebackup",
    "pg_checksums": "guardsh.commands.pg_checksums",
    "pg_combinebackup": "guardsh.commands.pg_combinebackup",
    "pg_createcluster": "guardsh.commands.debian",
    "pg_createsubscriber": "guardsh.commands.pg_createsubscriber",
    "pg_ctl": "guardsh.commands.pg_ctl",
    "pg_ctlcluster": "guardsh.commands.debian",
    "pg_dropcluster": "guardsh.commands.debian",
    "pg_renamecluster": "guardsh.commands.debian",
    "pg_resetwal": "guardsh.commands.pg_resetwal",
    "pg_restore": "guardsh.commands.pg_restore",
    "pg_restorecluster": "guardsh.commands.debian",
    "pg_rewind": "guardsh.commands.pg_rewind",
    "pg_upgrade": "guardsh.commands.pg_upgrade",
    "pg_upgradecluster": "guardsh.commands.debian",
    "pgbackrest": "guardsh.commands.pgbackrest",
    "pgbench": "guardsh.commands.pgbench",
    "pgcli": "guardsh.commands.pgcli",
    "postgres": "guardsh.commands.postgres",
    "postgresql": "guardsh.commands.service",
    "postmaster": "guardsh.commands.postgres",
    "psql": "guardsh.commands.psql",
    "repmgr": "guardsh.commands.repmgr",
    "rm": "guardsh.commands.rm",
    "service": "guardsh.commands.service",
    "systemctl": "guardsh.commands.systemctl",
    "wal-g": "guardsh.commands.wal_g",
}

# Of these, the names that are asked about wherever they start: by shims and by functions. The others are asked about
# where a line is typed, and through `guardsh run`: programs start cp or tar thousands of times.
SHIMMED = frozenset(
    {
        "barman",
        "barman-cloud-backup-delete",
        "barman-cloud-restore",
        "dropdb",
        "initdb",
        "patronictl",
        "pg_archivecleanup",
        "pg_autoctl",
        "pg_backupcluster",
        "pg_basebackup",
        "pg_checksums",
        "pg_combinebackup",
        "pg_createcluster",
        "pg_createsubscriber",
        "pg_ctl",
        "pg_ctlcluster",
        "pg_dropcluster",
        "pg_renamecluster",
        "pg_resetwal",
        "pg_restorecluster",
        "pg_rewind",
        "pg_upgrade",
        "pg_upgradecluster",
        "pgbackrest",
        "postgres",
        "postmaster",
        "repmgr",
        "rm",
        "wal-g",
    }
)

# Of these, the names that are accounts, too: as the value of an option they begin no command (gosu postgres rm …).
ACCOUNTS = frozenset({"patroni", "postgres", "postgresql"})

# Programs that run the command in their words; guardsh.commands.prefixes knows the options of each.
PREFIXES = frozenset(
    {
        *("chrt", "command", "doas", "env", "exec", "flock", "ionice", "nice", "nohup"),
        *("runuser", "setsid", "stdbuf", "sudo", "taskset", "time", "timeout"),
    }
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """What the command would do; empty where it is not guarded, or certainly does nothing to an instance."""
    module = COMMANDS.get(invocation.name)
    if module is None:
        return ()
    from importlib import import_module

    intents: tuple[Intent, ...] = import_module(module).understand(invocation)
    return intents
