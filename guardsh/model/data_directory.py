"""The files of one instance on disk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from guardsh.model.observed import Observed, Unknown
from guardsh.model.place import Place
from guardsh.model.stack import Stack

_NOT_LOOKED_AT = Unknown("not looked at")


class Contents(Enum):
    """What a directory holds. Unreadable is not a member: it is an ``Unknown``."""

    ABSENT = "absent"
    EMPTY = "empty"
    ABORTED = "aborted"  # no non-empty relation, WAL or pg_xact file and nothing open below it
    INCOMPLETE = "incomplete"  # such data, but no pg_control; or still being written
    RESTORED = "restored"  # a base backup that was never started: backup_label beside pg_control
    CLUSTER = "cluster"
    OTHER = "other"  # not a data directory


class ControlState(IntEnum):
    """``DBState`` of src/include/catalog/pg_control.h, unchanged from PostgreSQL 9.3 to 18."""

    STARTING_UP = 0
    SHUT_DOWN = 1
    SHUT_DOWN_IN_RECOVERY = 2
    SHUTTING_DOWN = 3
    IN_CRASH_RECOVERY = 4
    IN_ARCHIVE_RECOVERY = 5
    IN_PRODUCTION = 6

    @property
    def title(self) -> str:
        """As pg_controldata prints it in the C locale."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class ControlFile:
    """``global/pg_control``: what the instance last wrote about itself."""

    system_identifier: int
    version: int  # pg_control_version, such as 1300
    state: ControlState
    written: int  # seconds since the epoch
    timeline: int  # of the latest checkpoint: the old one until the first checkpoint after a promotion


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes and entries below a directory; a lower bound where ``complete`` is False (the time budget ran out)."""

    bytes: int
    entries: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A directory of the top level that is a link: base or pg_xact on another disk."""

    name: str
    place: Place  # where it leads


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """A directory that holds, or held, or could hold, an instance.

    ``files`` has the names, present at its top level, that say something of its role or history:
    standby.signal, recovery.signal, recovery.conf, backup_label, tablespace_map, backup_manifest, backup.manifest,
    postmaster.pid, PG_VERSION. ``configuration`` has the resolved paths of the configuration directory and files that
    lie elsewhere. ``links`` has every symbolic link through which the instance's own paths run (-D, postmaster.pid,
    pg_wal, pg_tblspc/*, moved): removing one of them takes the instance apart.
    """

    place: Place
    owner: int | None  # uid
    contents: Observed[Contents]
    version: Observed[str]  # PG_VERSION: "9.6", "15"
    control: Observed[ControlFile]
    files: Observed[frozenset[str]]
    primary_conninfo: Observed[str]  # "" where it is not set
    restore_command: Observed[str]  # "" where it is not set
    wal: Place | None = None  # where pg_wal leads, if outside
    tablespaces: tuple[Place, ...] = ()
    configuration: tuple[Place, ...] = ()
    links: tuple[Place, ...] = ()
    writers: tuple[int, ...] = ()  # pids with files open below it that are not the instance's own
    size: Observed[Size] | None = None  # None: not asked for
    moved: tuple[Moved, ...] = ()
    stacks: tuple[Stack, ...] = ()  # its own first, then those of parts on other file systems; empty: not asked for
    archived: Observed[bool] = _NOT_LOOKED_AT  # archive_mode is not off, or archive_status has segments
    archives: tuple[Place, ...] = ()  # where archive_command copies WAL to, as far as it says so
