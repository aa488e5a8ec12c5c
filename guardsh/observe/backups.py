"""Backups and archived WAL, known by the names in a directory alone."""

from __future__ import annotations

import re

PGBACKREST = "backups of pgBackRest"
BARMAN = "backups of Barman"
WAL_G = "backups of wal-g"
BASE = "a base backup"
WAL = "archived WAL"

# Of a stanza, in backup/ and archive/ of a repository; of one backup (infoBackup.h, infoArchive.h, manifest.h).
_STANZA = frozenset({"archive.info", "archive.info.copy", "backup.info.copy"})
_LABEL = frozenset({"bundle", "pg_data"})
# In one storage (utility.BaseBackupPath and WalPath).
_STORAGE = frozenset({"basebackups_005", "wal_005"})
# Of a server, and of one backup (barman/config.py and barman/infofile.py).
_SERVER = frozenset({"base", "wals"})
_ONE = frozenset({"backup.info", "data"})
# Of pg_basebackup -Ft, with its ways to compress.
_ENDINGS = ("", ".gz", ".lz4", ".zst", ".bz2", ".xz")
_BASE_TAR = frozenset(f"base.tar{ending}" for ending in _ENDINGS)
_WAL_TAR = frozenset(f"pg_wal.tar{ending}" for ending in _ENDINGS)
_SEGMENT = re.compile(r"[0-9A-F]{24}")  # and what an archive command adds: .gz, -<checksum>.lz4, .partial


def held(names: frozenset[str], *, archives: bool = False) -> str:
    """What of backups a directory with these names holds, as in ``backups of pgBackRest``; "" where nothing of them.

    With ``archives``, WAL counts, too, wherever it lies. A data directory is none, whatever else is in it.

    >>> held(frozenset({"backup.info", "backup.info.copy"})), held(frozenset({"base", "wals", "errors"}))
    ('backups of pgBackRest', 'backups of Barman')
    >>> names = frozenset({"000000010000000000000002.gz", "notes"})
    >>> held(names), held(names, archives=True), held(names | {"PG_VERSION"}, archives=True)
    ('', 'archived WAL', '')
    """
    if "PG_VERSION" in names:
        return ""
    if names & _STANZA or ("backup.manifest" in names and names & _LABEL):
        return PGBACKREST
    if names & _STORAGE:
        return WAL_G
    if names >= _SERVER or names >= _ONE:
        return BARMAN
    if names & _BASE_TAR and names & _WAL_TAR:
        return BASE
    return WAL if archives and any(map(_SEGMENT.match, names)) else ""
