"""A directory that holds, or held, or could hold an instance: everything its files say, without asking a server."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from guardsh.model.data_directory import Contents, ControlFile, DataDirectory, Moved, Size
from guardsh.model.instance import Server
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.place import Place
from guardsh.observe import configuration, contents, control_file, outlying
from guardsh.observe.configuration import resolve_configuration_directory
from guardsh.system import processes
from guardsh.system.apart import Deadline

__all__ = ["look", "resolve_configuration_directory", "size", "unseen"]

T = TypeVar("T")

_TELLING = frozenset(
    {
        "PG_VERSION", "backup.manifest", "backup_label", "backup_manifest", "postmaster.pid", "recovery.conf",
        "recovery.signal", "standby.signal", "tablespace_map",
    }
)  # fmt: skip
_OFF = frozenset({"", "off", "false", "no", "0"})  # of archive_mode (src/backend/access/transam/xlog.c)
_ATTEMPTS = 5  # pg_control may be read in the middle of a write, which takes microseconds


def look(path: str, server: Server | None = None, root: str = "/") -> DataDirectory:
    """What lies at ``path``, as it is now. Never raises: what cannot be seen is an ``Unknown`` with its reason.

    ``server`` is the live postmaster of this directory, if there is one: then it is a cluster whatever its files say.
    Debian's configuration is looked for under ``root``.
    """
    place = _place(path, server)
    names = _names(place.path)
    version = _version(place.path)
    settings = configuration.look(place, server, version, root)
    judged, writers = _contents(place, names, server)
    moved = outlying.moved(place.path)
    return DataDirectory(
        place=place,
        owner=_owner(place.path),
        contents=judged,
        version=version,
        control=_control(place.path),
        files=_telling(names, judged),
        primary_conninfo=settings.primary_conninfo,
        restore_command=settings.restore_command,
        wal=outlying.wal(place.path),
        tablespaces=outlying.tablespaces(place.path),
        configuration=settings.places,
        links=outlying.links((*_ways(path, place.path, server, settings.data_directory), *_inner(place.path, moved))),
        writers=writers,
        moved=moved,
        archived=_archived(settings.archive_mode, place.path),
        archives=settings.archives,
    )


def unseen(path: str, why: str) -> DataDirectory:
    """A directory that could not be looked at: nothing is known of it but its path."""
    unknown = Unknown(why)
    return DataDirectory(Place(path, None), None, *(unknown,) * 6, archived=unknown)


def size(path: str, deadline: Deadline) -> Size:
    """Allocated bytes and entries below a directory, links not followed; as much as can be seen by the deadline."""
    occupied = entries = 0
    complete = True
    pending = [path]
    while pending:
        listed = _entries(pending.pop())
        complete = complete and listed is not None
        for entry in listed or ():
            if deadline.left() <= 0:
                return Size(occupied, entries, False)
            entries += 1
            occupied += _allocated(entry)
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
    return Size(occupied, entries, complete)


def _entries(path: str) -> list[os.DirEntry[str]] | None:
    """None where they cannot be seen; of a directory removed meanwhile, no entries."""
    try:
        with os.scandir(path) as listed:
            return list(listed)
    except FileNotFoundError:
        return []
    except OSError:
        return None


def _allocated(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * 512
    except OSError:
        return 0


def _place(path: str, server: Server | None) -> Place:
    """A server's directory is taken as the kernel shows it: it may be in another mount namespace."""
    if server is not None and server.directory is not None:
        return server.directory
    return outlying.resolved(path)


def _names(path: str) -> Observed[frozenset[str]]:
    try:
        return Known(frozenset(os.listdir(path)), f"listing of {path}")
    except OSError as error:
        return Unknown(_reason(error))


def _contents(
    place: Place, names: Observed[frozenset[str]], server: Server | None
) -> tuple[Observed[Contents], tuple[int, ...]]:
    """Also the processes that have files open below it where no server runs."""
    if server is not None:
        return Known(Contents.CLUSTER, f"process {server.pid} runs in it"), ()
    if isinstance(names, Unknown):
        return _without_a_listing(place.path, names.why), ()
    found = contents.classify(place.path, names.value)
    if isinstance(found, Known) and found.value in (Contents.EMPTY, Contents.OTHER):
        return found, ()
    writers = processes.open_files_below(place)
    return contents.judge_writers(found, writers), writers


def _without_a_listing(path: str, why: str) -> Observed[Contents]:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return Known(Contents.ABSENT, f"{path} does not exist")
    except OSError as error:
        return Unknown(_reason(error))
    return Unknown(why) if os.path.isdir(path) else Known(Contents.OTHER, f"{path} is not a directory")


def _telling(names: Observed[frozenset[str]], judged: Observed[Contents]) -> Observed[frozenset[str]]:
    if isinstance(names, Known):
        return Known(names.value & _TELLING, names.source)
    if isinstance(judged, Known) and judged.value in (Contents.ABSENT, Contents.OTHER):
        return Known(frozenset(), judged.source)
    return names


def _version(path: str) -> Observed[str]:
    def read() -> str:
        with open(f"{path}/PG_VERSION", encoding="ascii", errors="replace") as file:
            return file.readline().strip()

    return _observed(read, f"{path}/PG_VERSION")


def _control(path: str) -> Observed[ControlFile]:
    found: Observed[ControlFile] = Unknown("")
    for _ in range(_ATTEMPTS):
        found = _observed(lambda: _read_control(f"{path}/global/pg_control"), f"{path}/global/pg_control")
        if isinstance(found, Known):
            break
    return found


def _read_control(path: str) -> ControlFile:
    with open(path, "rb") as file:
        return control_file.parse(file.read())


def _observed(read: Callable[[], T], source: str) -> Observed[T]:
    try:
        return Known(read(), source)
    except OSError as error:
        return Unknown(_reason(error))
    except ValueError as error:
        return Unknown(str(error))


def _archived(mode: Observed[str], path: str) -> Observed[bool]:
    """Whether WAL of it is, or was, kept elsewhere: archive_mode, or what archive_status tells of earlier times."""
    if isinstance(mode, Unknown):
        return mode
    if mode.value.lower() not in _OFF:
        return Known(True, mode.source)
    try:
        return Known(bool(os.listdir(f"{path}/pg_wal/archive_status")), f"{path}/pg_wal/archive_status; {mode.source}")
    except OSError as error:
        return Unknown(_reason(error))


def _ways(path: str, directory: str, server: Server | None, setting: str) -> list[str]:
    """The paths by which the instance reaches its data directory."""
    ways = [outlying.absolute(path), setting, _path_in_lock_file(directory)]
    if server is not None and server.directory_argument:
        ways.append(server.directory_argument)
    return [way for way in ways if way.startswith("/")]


def _inner(directory: str, moved: tuple[Moved, ...]) -> list[str]:
    """The paths in its data directory that may leave it."""
    names = ("pg_wal", "pg_xlog", *(each.name for each in moved))
    return [*(f"{directory}/{name}" for name in names), *outlying.tablespace_links(directory)]


def _path_in_lock_file(directory: str) -> str:
    """The second line of postmaster.pid: the data directory as it was given."""
    try:
        with open(f"{directory}/postmaster.pid", "rb") as file:
            return os.fsdecode(file.read().split(b"\n")[1])
    except (OSError, IndexError):
        return ""


def _owner(path: str) -> int | None:
    try:
        return os.stat(path).st_uid
    except OSError:
        return None


def _reason(error: OSError) -> str:
    return f"could not read {error.filename}: {(error.strerror or str(error)).lower()}"
