"""The running or stopped server of a data directory, and its part in the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from guardsh.model.data_directory import DataDirectory
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.place import Place


class Role(Enum):
    """What the instance is; not known is an ``Unknown``. A recovering copy has no walreceiver: maybe the only one."""

    PRIMARY = "primary"
    RECOVERING = "recovering"
    REPLICA = "replica"


class State(Enum):
    """Separate from the role: a stopped primary is a primary."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPED = "stopped"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Witness:
    """One independent account of the role: ``processes``, ``control file``, ``signal files`` or ``sql``."""

    name: str
    role: Observed[Role]


@dataclass(frozen=True, slots=True)
class Server:
    """A live postmaster. ``titles`` are its children's, without the leading ``postgres: `` and the cluster name."""

    pid: int
    owner: int  # uid
    started: float  # seconds since the epoch
    directory: Place | None  # through /proc/PID/cwd; None: not readable by this account
    executable: str | None  # None: not readable by this account
    directory_argument: str | None  # -D as given on its command line
    configuration_file: str | None  # -c config_file=…, as given
    socket_directory: str | None
    port: int | None
    titles: tuple[str, ...]
    suspended: bool  # SIGSTOP, or the freezer
    directory_deleted: bool = False  # its working directory is gone: the accident has happened


@dataclass(frozen=True, slots=True)
class Standby:
    """One row of pg_stat_replication that is a physical standby with a known replay position."""

    name: str  # application_name
    address: str  # client_addr, or "local"
    state: str
    sync_state: str
    lag: int | None  # bytes not yet replayed


@dataclass(frozen=True, slots=True)
class Slot:
    """One row of pg_replication_slots."""

    name: str
    kind: str  # physical or logical
    active: bool
    retained: int | None  # bytes of WAL kept for it


@dataclass(frozen=True, slots=True)
class Archiver:
    """pg_stat_archiver, archive_mode and archive_status. Times are seconds since the epoch, None where never."""

    mode: str  # off, on, always
    configured: bool  # archive_command or archive_library is set
    last_archived: float | None
    failing_since: float | None  # None: the last attempt succeeded
    waiting: int | None  # segments only here; None where the account may not see them
    waiting_bytes: int | None


@dataclass(frozen=True, slots=True)
class Receiver:
    """pg_stat_wal_receiver: where this replica streams from."""

    status: str
    host: str
    port: int | None
    slot: str
    silence: float | None  # seconds since the last message


@dataclass(frozen=True, slots=True)
class Replication:
    """What SQL says beyond the role. Each part may be unknown by itself (permissions)."""

    standbys: Observed[tuple[Standby, ...]]
    slots: Observed[tuple[Slot, ...]]
    archiver: Observed[Archiver]
    receiver: Observed[Receiver | None]
    clients: Observed[int]
    timeline: Observed[int]


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance as it is now. ``server`` is None where no postmaster is alive.

    ``role`` combines the witnesses (docs/verdicts.md); ``warnings`` are full sentences about what does not fit
    together, such as a standby.signal beside a running primary. ``host`` is set where only a client's connection leads
    to it: the host named there, short, and then ``directory.place`` is an address and the instance counts as live.
    """

    directory: DataDirectory
    server: Server | None
    state: Observed[State]
    role: Observed[Role]
    witnesses: tuple[Witness, ...]
    replication: Observed[Replication]
    warnings: tuple[str, ...] = ()
    host: str = ""

    @property
    def live(self) -> bool:
        return self.server is not None or bool(self.host)

    @property
    def system_identifier(self) -> int | None:
        control = self.directory.control
        return control.value.system_identifier if isinstance(control, Known) else None


def only_copy(instance: Instance, doomed: tuple[Instance, ...] = ()) -> Observed[bool]:
    """Whether no physical standby with a known replay position would be left.

    A replica that streams is never the only copy. ``doomed`` are the instances that the same command touches: a
    standby of this one among them does not count. Unknown where replication cannot be seen.
    """
    if isinstance(instance.role, Known) and instance.role.value is Role.REPLICA:
        return Known(False, instance.role.source)
    if isinstance(instance.replication, Unknown):
        return instance.replication
    standbys = instance.replication.value.standbys
    if isinstance(standbys, Unknown):
        return standbys
    also = sum(
        1
        for other in doomed
        if other is not instance
        and other.system_identifier is not None
        and other.system_identifier == instance.system_identifier
    )
    return Known(len(standbys.value) <= also, standbys.source)
