"""What there is to save of an instance, in the order in which it is copied."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from guardsh.model.place import Identity
from guardsh.model.salvage import Rank, Source
from guardsh.operations.salvage.accident import Accident
from guardsh.system import open_files, proc

_WAL = re.compile(r"[0-9A-F]{24}(\.partial)?|[0-9A-F]{8}\.history|[0-9A-F]{24}\.[0-9A-F]{8}\.backup")
_WAL_DIRECTORIES = ("pg_wal", "pg_xlog")
_VITAL = frozenset(
    {
        *("pg_xact", "pg_clog", "pg_multixact", "pg_twophase", "pg_commit_ts", "pg_subtrans", "pg_logical"),
        *("pg_replslot", "PG_VERSION", "backup_label", "tablespace_map", "backup_manifest"),
    }
)
_VITAL_ENDINGS = (".conf", ".signal", ".map", ".crt", ".key", "PG_VERSION", "pg_control")
_RELATIONS = frozenset({"base", "global", "pg_tblspc"})
_CONTAINER = re.compile(r"^/proc/\d+/root(?=/)")  # before a path in it; its processes' links are without
_LONGEST = 240  # bytes of a component: a name has at most 255 (path_resolution(7)), and a suffix may follow


@dataclass
class Inventory:
    """``sources`` in order; ``links`` are the symbolic links that were there, ``left`` sentences about what is not
    copied and why."""

    sources: list[Source] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    @property
    def devices(self) -> frozenset[int]:
        """The file systems that it lies on, by st_dev."""
        return frozenset(source.identity.device for source in self.sources)


def take(accident: Accident, *, deleted_only: bool = False) -> Inventory:
    """Every file that is still there, and every deleted one that a process of the instance has open."""
    found = Inventory()
    owner = _owner(accident)
    if not deleted_only:
        found.sources += _present(accident, owner, found)
    present = {source.identity for source in found.sources}
    held = open_files.held_by(member.pid for member in accident.members)
    found.sources += [_deleted(file, accident) for file in held if file.deleted and file.identity not in present]
    archived = _archived(found.sources)
    ranked = [replace(source, rank=_rank(source.name, archived)) for source in found.sources]
    found.sources = _named_apart(sorted(ranked, key=lambda each: (each.rank, not each.deleted, each.name)))
    return found


def _owner(accident: Accident) -> int | None:
    if accident.server is not None:
        return accident.server.owner
    with_door = proc.identity(accident.door)
    return os.stat(accident.door).st_uid if with_door is not None else None


def _present(accident: Accident, owner: int | None, found: Inventory) -> Iterator[Source]:
    pending = [(accident.door, accident.directory, "data", False)]
    while pending:
        door, path, name, outside = pending.pop()
        for entry in _entries(door, path, found):
            below = (f"{door}/{entry.name}", f"{path}/{entry.name}", f"{name}/{entry.name}")
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                pending.append((*below, outside))
            elif stat.S_ISLNK(status.st_mode):
                pending += _behind(below, owner, found)
            elif stat.S_ISREG(status.st_mode) and outside and status.st_uid != owner:
                found.left.append(f"{below[1]} belongs to another account")
            elif stat.S_ISREG(status.st_mode):
                yield _source(below[2], below[1], below[0], status, deleted=False)


def _entries(door: str, path: str, found: Inventory) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(door) as listed:
            return list(listed)
    except FileNotFoundError:
        return []
    except OSError as error:
        found.left.append(f"could not look into {path}: {(error.strerror or '').lower()}")
        return []


def _behind(link: tuple[str, str, str], owner: int | None, found: Inventory) -> list[tuple[str, str, str, bool]]:
    """A directory that an instance reaches through a link (pg_wal, a tablespace, base): where it belongs to the
    instance's owner. A link to anything else may have been put there to have us read it."""
    door, path, name = link
    found.links[name] = target = os.readlink(door)
    try:
        status = os.stat(door)
    except OSError:
        return []
    if not stat.S_ISDIR(status.st_mode) or name.count("/") > 2 or status.st_uid != owner:
        found.left.append(f"not followed: the link {path} to {target}")
        return []
    return [(door, os.path.realpath(door), name, True)]


def _deleted(file: open_files.HeldFile, accident: Accident) -> Source:
    return _source(_name_of(file.path, accident.directory), file.path, file.door, file.status, deleted=True)


def _name_of(path: str, directory: str) -> str:
    """Where a deleted file goes: WAL to the others', whatever link pg_wal was; what lay outside keeps its path."""
    directory = _CONTAINER.sub("", directory)
    inside = path.startswith(directory.rstrip("/") + "/")
    parts = [part for part in path.removeprefix(directory if inside else "").split("/") if part not in ("", ".", "..")]
    if not inside and _WAL.fullmatch(parts[-1]):
        return f"data/pg_wal/{parts[-1]}"
    shortened = [os.fsdecode(os.fsencode(part)[:_LONGEST]) for part in parts]
    return "/".join(["data" if inside else "elsewhere", *shortened])


def _source(name: str, path: str, door: str, status: os.stat_result, *, deleted: bool) -> Source:
    return Source(
        name=name,
        path=path,
        door=door,
        deleted=deleted,
        rank=Rank.REST,
        identity=Identity(status.st_dev, status.st_ino),
        size=status.st_size,
        allocated=status.st_blocks * 512,
        mtime_ns=status.st_mtime_ns,
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
    )


def _archived(sources: Iterable[Source]) -> frozenset[str]:
    """WAL that an archive has: its .done file is there."""
    names = (os.path.basename(source.name) for source in sources if "/archive_status/" in source.name)
    return frozenset(name.removesuffix(".done") for name in names if name.endswith(".done"))


def _rank(name: str, archived: frozenset[str]) -> Rank:
    top, *rest = name.split("/")[1:]
    base = os.path.basename(name)
    if top in _WAL_DIRECTORIES and rest:
        return Rank.REST if base in archived else Rank.WAL
    if top in _VITAL or base.endswith(_VITAL_ENDINGS):
        return Rank.VITAL
    if top in _RELATIONS or not name.startswith("data/"):
        return Rank.RELATION
    return Rank.REST


def _named_apart(sources: Sequence[Source]) -> list[Source]:
    """Two files may have had one name, one after the other: the second is told by its inode."""
    taken: set[str] = set()
    apart = []
    for source in sources:
        name = source.name if source.name not in taken else f"{source.name}~{source.identity.inode}"
        taken.add(name)
        apart.append(replace(source, name=name))
    return apart
