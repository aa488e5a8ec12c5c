"""Instances and backups that nobody told us about, found by what lies above and below a path."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from guardsh.model.backup import Backup
from guardsh.model.place import Place
from guardsh.model.saved import FILES, STORE
from guardsh.observe import backups
from guardsh.system.apart import Deadline

_DATA_DIRECTORY = frozenset(
    {
        "PG_VERSION", "backup.manifest", "backup_label", "backup_manifest", "base", "global", "pg_clog", "pg_tblspc",
        "pg_wal", "pg_xact", "pg_xlog", "postmaster.pid", "recovery.signal", "standby.signal",
    }
)  # fmt: skip
_TABLESPACE = re.compile(r"PG_[0-9.]+_[0-9]{9}")  # TABLESPACE_VERSION_DIRECTORY, src/include/common/relpath.h
_SEGMENT = re.compile(r"[0-9A-F]{24}(\.partial)?")
_PARTS = ("archive_status", "pg_filenode.map")  # of a pg_wal, of a database (and of global)
_AMBIGUOUS = frozenset({"base", "global"})  # ordinary names; only both together say something


@dataclass(slots=True)
class Found:
    """Paths of what looks like a data directory, and of parts that lie outside of one. ``doubts`` are sentences."""

    data_directories: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)  # a pg_wal or a tablespace whose instance is elsewhere, or moved
    doubts: list[str] = field(default_factory=list)
    backups: list[Backup] = field(default_factory=list)

    def add(self, other: Found) -> None:
        self.data_directories += other.data_directories
        self.parts += other.parts
        self.doubts += other.doubts
        self.backups += other.backups


def above(lineage: tuple[Place, ...]) -> Found:
    """What the path itself and the directories above it belong to."""
    found = Found()
    for here in lineage:
        _classify(here.path, _marks_in(here.path), found)
        found.add(_moved_aside([here.path], found))
    return found


def _moved_aside(directories: Iterable[str], found: Found) -> Found:
    """Those of the directories in which something lies that guardsh has moved aside, of which nothing else tells."""
    told = (*found.data_directories, *found.parts)
    kept = filter(is_moved_aside, directories)
    return Found(parts=[each for each in kept if not any(f"{path}/".startswith(f"{each}/") for path in told)])


def is_moved_aside(directory: str) -> bool:
    """Whether things that guardsh has moved aside lie in this directory, by its place."""
    entry, name = os.path.split(directory)
    return name == FILES and os.path.basename(os.path.dirname(entry)).startswith(STORE)


def below(top: str, deadline: Deadline, *, of_backups: bool = False, archives: bool = False) -> Found:
    """What a command that removes or replaces ``top`` with all below it would meet, within the deadline.

    With ``of_backups`` they count as what they are, not by the data directories in them; with ``archives`` WAL does.
    """
    found, kept = Found(), [top]
    pending = [top]
    while pending:
        if deadline.left() <= 0:
            found.doubts.append(f"{top} could not be searched to its end in {deadline.seconds:.1f} s")
            break
        directory = pending.pop()
        try:
            names, directories = _list(directory)
        except OSError as error:
            if directory != top or not isinstance(error, FileNotFoundError | NotADirectoryError):
                found.doubts.append(f"could not look into {directory}: {(error.strerror or '').lower()}")
            continue
        held = backups.held(names, archives=archives) if of_backups else ""
        if held:
            found.backups.append(Backup(_whole(directory), held, f"the names in {directory}"))
        elif not _classify(directory, names, found):
            pending += directories
            kept += directories if FILES in names else ()
    found.add(_moved_aside(kept, found))
    return found


def _whole(directory: str) -> str:
    """Of a stanza of pgBackRest, the repository: it lies in ``backup`` and in ``archive``."""
    parent, base = os.path.split(os.path.dirname(directory))
    return parent if base in ("archive", "backup") else directory


def holds_data(directory: str) -> bool:
    """Whether a pg_wal has segments, or any file below another part is not empty. Raises OSError where that cannot be
    seen."""
    if os.path.lexists(f"{directory}/archive_status"):
        return any(map(_SEGMENT.fullmatch, os.listdir(directory)))
    for here, _, files in os.walk(directory, onerror=_raise):
        if any(os.lstat(os.path.join(here, name)).st_size for name in files):
            return True
    return False


def _classify(path: str, names: frozenset[str], found: Found) -> bool:
    """Note what a directory with these names is; whether it need not be searched further."""
    parent, base = os.path.split(path)
    if _TABLESPACE.fullmatch(base):
        found.parts.append(path)
        return True
    marks = names & _DATA_DIRECTORY
    if marks == {"PG_VERSION"} and (base.isdigit() or "pg_filenode.map" in names):  # a database, wherever its base lies
        if os.path.basename(parent) == "base":
            found.data_directories.append(os.path.dirname(parent))
        else:
            found.parts.append(path)
        return True
    if marks - _AMBIGUOUS or marks == _AMBIGUOUS:
        found.data_directories.append(path)
        return True
    if "archive_status" in names:
        found.parts.append(path)
        return True
    return False


def _marks_in(directory: str) -> frozenset[str]:
    prefix = directory.rstrip("/") + "/"
    return frozenset(name for name in (*_DATA_DIRECTORY, *_PARTS) if os.path.lexists(prefix + name))


def _list(directory: str) -> tuple[frozenset[str], list[str]]:
    directories: list[str] = []
    names: list[str] = []
    with os.scandir(directory) as entries:
        for entry in entries:
            names.append(entry.name)
            if entry.is_dir(follow_symlinks=False):
                directories.append(entry.path)
    return frozenset(names), directories


def _raise(error: OSError) -> None:
    raise error
