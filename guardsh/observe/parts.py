"""Which part of an instance a path below its data directory is, and what touching it means."""

from __future__ import annotations

from guardsh.model.finding import Part
from guardsh.model.intent import Effect

# src/backend/utils/misc/guc-file.l, src/backend/libpq/hba.c; TLS files by their usual endings.
_CONFIGURATION = frozenset({"postgresql.conf", "postgresql.auto.conf", "pg_hba.conf", "pg_ident.conf", "conf.d"})
_CONFIGURATION_ENDINGS = (".conf", ".crt", ".key", ".pem", ".crl")
_SIGNALS = frozenset({"standby.signal", "recovery.signal", "recovery.conf"})
_DISPOSABLE = frozenset({"log", "pg_log", "core", "current_logfiles", "pgsql_tmp"})
_WAL = frozenset({"pg_wal", "pg_xlog"})
_TRANSACTIONS = frozenset({"pg_xact", "pg_clog", "pg_multixact", "pg_commit_ts"})
_DATA = frozenset({"base", "global", "backup_label", "tablespace_map", "postmaster.pid"})


def part_of(below: tuple[str, ...]) -> Part:
    """The part that a path is, by its components below the data directory; none of them is the directory itself.

    >>> part_of(()), part_of(("pg_wal", "000000010000000000000001")), part_of(("log", "postgresql-Mon.log"))
    (<Part.ALL: 'the data directory'>, <Part.WAL: 'write-ahead log'>, <Part.DISPOSABLE: 'disposable files'>)
    >>> part_of(("base", "pgsql_tmp", "pgsql_tmp42.0")), part_of(("restore.log",)), part_of(("postmaster.pid",))
    (<Part.DISPOSABLE: 'disposable files'>, <Part.FOREIGN: 'a foreign file'>, <Part.DATA: 'part of the data'>)
    >>> part_of(("pg_hba.conf",)), part_of(("pg_hba.conf.bak",))
    (<Part.CONFIGURATION: 'configuration'>, <Part.FOREIGN: 'a foreign file'>)
    """
    if not below:
        return Part.ALL
    top = below[0]
    if top in _DISPOSABLE or top.startswith("core.") or "pgsql_tmp" in below:
        return Part.DISPOSABLE
    if top in _SIGNALS:
        return Part.SIGNAL
    if top in _WAL:
        return Part.WAL
    if top in _TRANSACTIONS:
        return Part.TRANSACTIONS
    if top == "pg_tblspc":
        return Part.TABLESPACE if len(below) > 1 else Part.DATA
    if top in _CONFIGURATION or (len(below) == 1 and top.endswith(_CONFIGURATION_ENDINGS)):
        return Part.CONFIGURATION
    if top in _DATA or (top.startswith(("pg_", "PG_")) and not _is_old_configuration(top)):
        return Part.DATA
    return Part.FOREIGN


def _is_old_configuration(name: str) -> bool:
    """pg_hba.conf.bak, pg_hba.conf~: what an editor or a careful person leaves beside it."""
    return name.startswith(tuple(f"{each}{mark}" for each in _CONFIGURATION for mark in ".~-_"))


def effect_on(part: Part, effect: Effect) -> Effect:
    """What an effect amounts to on this part: removing postgresql.conf is a matter of configuration.

    >>> effect_on(Part.SIGNAL, Effect.DELETE), effect_on(Part.WAL, Effect.DELETE)
    (<Effect.SIGNAL_FILE: 'signal file'>, <Effect.DELETE: 'delete'>)
    """
    if effect not in (Effect.DELETE, Effect.OVERWRITE):
        return effect
    if part is Part.SIGNAL:
        return Effect.SIGNAL_FILE
    if part is Part.CONFIGURATION or (part is Part.FOREIGN and effect is Effect.OVERWRITE):
        return Effect.CONFIGURE
    return effect


def gravest(parts: set[Part], names: set[str]) -> Part:
    """The one part that stands for several; ``base`` and ``global`` together are all of the data.

    >>> gravest({Part.DATA, Part.WAL}, {"base", "global", "pg_wal"})
    <Part.ALL: 'the data directory'>
    """
    if {"base", "global"} <= names:
        return Part.ALL
    return next(part for part in Part if part in parts)
