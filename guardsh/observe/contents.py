"""What a directory holds, judged by its files alone: a cluster, a part of one, its empty shell, something else."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from guardsh.model.data_directory import Contents
from guardsh.model.observed import Known, Observed, Unknown

# What initdb, the server and the backup tools put at the top level, ordinary words left out (base, global, log).
_NAMES = frozenset(
    {
        "PG_VERSION", "backup.manifest", "backup_label", "backup_label.old", "backup_manifest", "pg_clog",
        "pg_commit_ts", "pg_dynshmem", "pg_logical", "pg_multixact", "pg_notify", "pg_replslot", "pg_serial",
        "pg_snapshots", "pg_stat", "pg_stat_tmp", "pg_subtrans", "pg_tblspc", "pg_twophase", "pg_wal", "pg_xact",
        "pg_xlog", "postgresql.auto.conf", "postmaster.opts", "postmaster.pid", "recovery.signal", "standby.signal",
        "tablespace_map",
    }
)  # fmt: skip
_RELATION = re.compile(r"(t\d+_)?\d+(_(fsm|vm|init))?(\.\d+)?")  # src/common/relpath.c
_TABLESPACE = re.compile(r"PG_[0-9.]+_\d+")  # TABLESPACE_VERSION_DIRECTORY
_BACKUP_IN_TAR = re.compile(r"(base|pg_wal|\d+)\.tar(\.\w+)?")  # pg_basebackup -Ft
_LITTLE = 16 << 20  # bytes: less than that in small files is nobody's database
_FEW = 10_000  # entries
_LAST_WITH_EXCLUSIVE_BACKUP = 14


def classify(path: str, names: frozenset[str]) -> Observed[Contents]:
    """What a directory with these ``names`` at its top level holds, where no server runs in it.

    Reads no deeper than the databases' directories, and stops at the first file with data; only what seems to hold
    nothing is counted to its end.
    """
    try:
        return _classify(path, names)
    except OSError as error:
        return Unknown(f"could not read {error.filename}: {(error.strerror or str(error)).lower()}")


def judge_writers(contents: Observed[Contents], writers: tuple[int, ...]) -> Observed[Contents]:
    """The same, knowing that these processes have files open below a directory without a server.

    A stopped cluster stays one: somebody may be reading its log.
    """
    if not writers or not isinstance(contents, Known) or contents.value not in (Contents.ABORTED, Contents.RESTORED):
        return contents
    return Known(Contents.INCOMPLETE, f"{contents.source}; process {writers[0]} has files open below it")


def _classify(path: str, names: frozenset[str]) -> Observed[Contents]:
    if names <= {"lost+found"}:
        return Known(Contents.EMPTY, "no entries" if not names else "only lost+found")
    if not _is_postgres(path, names):
        return Known(Contents.OTHER, _other(names))
    if _exists(f"{path}/global/pg_control"):
        return _whole(path, names)
    data = next(_data(path, names), None)
    if data is not None:
        return Known(Contents.INCOMPLETE, f"{data} has data, but there is no global/pg_control")
    return _shell(path)


def _is_postgres(path: str, names: frozenset[str]) -> bool:
    if names & _NAMES or any(map(_TABLESPACE.fullmatch, names)) or any(map(_BACKUP_IN_TAR.fullmatch, names)):
        return True
    if any(each.isdigit() for each in _names(f"{path}/base")):
        return True
    return any(each == "pg_control" or _RELATION.fullmatch(each) for each in _names(f"{path}/global"))


def _other(names: frozenset[str]) -> str:
    if "postgresql.conf" in names:
        return "a configuration directory: postgresql.conf, but no PG_VERSION"
    return f"{_counted(len(names), 'entry', 'entries')}, none of PostgreSQL's"


def _whole(path: str, names: frozenset[str]) -> Known[Contents]:
    if "backup_label" not in names:
        return Known(Contents.CLUSTER, "global/pg_control is there")
    if "postmaster.opts" in names and _may_back_up_exclusively(path):
        return Known(Contents.CLUSTER, "global/pg_control and postmaster.opts: started here, and crashed in a backup")
    return Known(
        Contents.RESTORED,
        "global/pg_control and backup_label: a base backup, never started (pg_control does not prove it complete)",
    )


def _may_back_up_exclusively(path: str) -> bool:
    """Until 14 a running primary had a backup_label during an exclusive backup; no base backup has postmaster.opts."""
    try:
        with open(f"{path}/PG_VERSION", encoding="ascii") as file:
            return float(file.readline()) <= _LAST_WITH_EXCLUSIVE_BACKUP
    except (OSError, ValueError):
        return True


def _data(path: str, names: frozenset[str]) -> Iterator[str]:
    """Files, relative to the path, that hold something of a database: relations, WAL, transaction status, backups."""
    for directory in _relation_directories(path, names):
        yield from _filled(path, directory, (each for each in _names(f"{path}/{directory}") if _is_relation(each)))
    for directory in ("pg_wal", "pg_xlog", "pg_xact", "pg_clog"):
        yield from _filled(path, directory, _names(f"{path}/{directory}"))
    yield from _filled(path, ".", filter(_BACKUP_IN_TAR.fullmatch, names))


def _relation_directories(path: str, names: frozenset[str]) -> Iterator[str]:
    yield "global"
    yield from (f"base/{database}" for database in _names(f"{path}/base"))
    tablespaces = [name for name in names if _TABLESPACE.fullmatch(name)]
    for link in _names(f"{path}/pg_tblspc"):
        tablespaces += [f"pg_tblspc/{link}/{name}" for name in _names(f"{path}/pg_tblspc/{link}")]
    for tablespace in tablespaces:
        yield from (f"{tablespace}/{database}" for database in _names(f"{path}/{tablespace}"))


def _is_relation(name: str) -> bool:
    return _RELATION.fullmatch(name) is not None


def _filled(path: str, directory: str, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if _is_filled(f"{path}/{directory}/{name}"):
            yield os.path.normpath(f"{directory}/{name}")


def _is_filled(path: str) -> bool:
    try:
        status = os.lstat(path)
    except FileNotFoundError:  # removed since it was listed
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > 0


@dataclass(slots=True)
class _Tally:
    directories: int = 0
    files: int = 0
    bytes: int = 0

    @property
    def sentence(self) -> str:
        directories = _counted(self.directories, "directory", "directories")
        if not self.files:
            return f"{directories}, no files"
        return f"{directories}, {_counted(self.files, 'file', 'files')} of {self.bytes} bytes together"


def _shell(path: str) -> Known[Contents]:
    """Has PostgreSQL's names and none of its data. What is large all the same is not nothing."""
    tally = _Tally()
    for entry in _walk(path):
        if entry.is_dir(follow_symlinks=False):
            tally.directories += 1
        else:
            tally.files += 1
            tally.bytes += entry.stat(follow_symlinks=False).st_size
        if tally.bytes >= _LITTLE or tally.directories + tally.files > _FEW:
            return Known(Contents.INCOMPLETE, f"at least {tally.sentence}, but no global/pg_control")
    return Known(Contents.ABORTED, tally.sentence)


def _walk(path: str) -> Iterator[os.DirEntry[str]]:
    pending = [path]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)


def _names(path: str) -> list[str]:
    """The entries of a directory, none where there is none."""
    try:
        return os.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _exists(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
