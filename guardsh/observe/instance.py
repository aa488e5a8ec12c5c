"""The role and state of one instance, from witnesses that do not depend on each other (docs/verdicts.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardsh.model.data_directory import Contents, ControlState, DataDirectory
from guardsh.model.instance import Instance, Role, Server, State, Witness
from guardsh.model.observed import Known, Observed, Unknown, explain, value_of
from guardsh.observe.replication import Testimony
from guardsh.system.database import STARTING

# recovery.conf is of PostgreSQL 11 and older.
_STANDBY_SIGNALS = ("standby.signal", "recovery.conf")
_SIGNALS = (*_STANDBY_SIGNALS, "recovery.signal")
_IN_RECOVERY = (ControlState.SHUT_DOWN_IN_RECOVERY, ControlState.IN_ARCHIVE_RECOVERY)
_CLEAN = (ControlState.SHUT_DOWN, ControlState.SHUT_DOWN_IN_RECOVERY)

# Started only once recovery has ended (postmaster.c: pmState PM_RUN). The whole title is compared:
# a session's begins with its user's name, which may be anything.
_PRIMARY_ONLY = ("walwriter", "autovacuum launcher", "logical replication launcher")
_STREAMING = re.compile(r"walreceiver streaming [0-9A-F]+/[0-9A-F]+")
_STARTUP = re.compile(r"startup( (recovering|waiting for) [0-9A-F]{24}.*)?")


def combine(directory: DataDirectory, server: Server | None, sql: Observed[Testimony]) -> Instance:
    """The instance of a directory and its live server, if it has one. Pure.

    What is alive outweighs files; live witnesses that disagree leave the role unknown.
    """
    processes, told = _by_processes(server), role_by_sql(sql)
    role = _stopped_role(directory) if server is None else _live_role(directory, server, processes, told)
    return Instance(
        directory=directory,
        server=server,
        state=_stopped_state(directory) if server is None else _live_state(server, role, sql),
        role=role,
        witnesses=(
            Witness("processes", processes),
            Witness("control file", _by_control(directory)),
            Witness("signal files", _by_signals(directory)),
            Witness("sql", told),
        ),
        replication=Known(sql.value.replication, f"SQL on {sql.value.where}") if isinstance(sql, Known) else sql,
        warnings=tuple(_warnings(directory, server, role)),
    )


def unseen(directory: DataDirectory, why: str) -> Instance:
    """The instance of a directory when the processes could not be looked at: it may be alive."""
    unknown = Unknown(why)
    names = ("processes", "control file", "signal files", "sql")
    return Instance(directory, None, unknown, unknown, tuple(Witness(name, unknown) for name in names), unknown)


# The witnesses.


def _by_processes(server: Server | None) -> Observed[Role]:
    """Titles of the postmaster's children: readable by every account, and without its help."""
    if server is None:
        return Unknown("no server process")
    for name in _PRIMARY_ONLY:
        if name in server.titles:
            return Known(Role.PRIMARY, f"{name} is running")
    if _starting_up(server) and any(_STREAMING.fullmatch(title) for title in server.titles):
        return Known(Role.REPLICA, "walreceiver is streaming")
    if _starting_up(server):
        return Unknown("startup is running, no walreceiver is streaming: some recovery")
    return Unknown(f"the children of process {server.pid} do not tell")


def _starting_up(server: Server) -> bool:
    return any(_STARTUP.fullmatch(title) for title in server.titles)


def role_by_sql(sql: Observed[Testimony]) -> Observed[Role]:
    """What the server itself says, where it is asked."""
    if isinstance(sql, Unknown):
        return sql
    in_recovery, receiver = sql.value.in_recovery, sql.value.replication.receiver
    if isinstance(in_recovery, Unknown):
        return in_recovery
    if not in_recovery.value:
        return Known(Role.PRIMARY, in_recovery.source)
    if isinstance(receiver, Unknown):
        return Known(Role.RECOVERING, f"{in_recovery.source}; walreceiver not known: {receiver.why}")
    if receiver.value is None:
        return Known(Role.RECOVERING, f"{in_recovery.source}; no walreceiver")
    # A status of "" is one that the account may not see.
    if receiver.value.status not in ("streaming", ""):
        return Known(Role.RECOVERING, f"{in_recovery.source}; walreceiver is {receiver.value.status}, not streaming")
    origin = f" from {receiver.value.host}:{receiver.value.port}" if receiver.value.host else ""
    return Known(Role.REPLICA, f"{in_recovery.source}; streaming{origin}")


def _by_control(directory: DataDirectory) -> Observed[Role]:
    control = directory.control
    if isinstance(control, Unknown):
        return control
    role = Role.RECOVERING if control.value.state in _IN_RECOVERY else Role.PRIMARY
    return Known(role, f"pg_control says {control.value.state.title}")


def _by_signals(directory: DataDirectory) -> Observed[Role]:
    files = directory.files
    if isinstance(files, Unknown):
        return files
    for name in _SIGNALS:
        if name in files.value:
            return Known(Role.REPLICA if name in _STANDBY_SIGNALS else Role.RECOVERING, f"{name} is there")
    return Known(Role.PRIMARY, "no signal file")


# The role: the first rule that holds.


def _live_role(
    directory: DataDirectory, server: Server, processes: Observed[Role], told: Observed[Role]
) -> Observed[Role]:
    if isinstance(processes, Known) and isinstance(told, Known):
        if (processes.value is Role.PRIMARY) is (told.value is Role.PRIMARY):
            return Known(told.value, f"{told.source}; {processes.source}")
        return Unknown(f"{told.source}, but {processes.source}")
    if isinstance(told, Known):
        return told
    if isinstance(processes, Known):
        return processes
    if _starting_up(server):
        return _recovering_role(directory)
    return Unknown(f"{told.why}; {processes.why}")


def _recovering_role(directory: DataDirectory) -> Observed[Role]:
    """Only startup tells: the recovery of a copy, or a primary's own after a crash."""
    control, signals = _by_control(directory), _by_signals(directory)
    if isinstance(signals, Unknown):
        return Unknown(f"startup is running, but signal files are not known: {signals.why}")
    if signals.value is not Role.PRIMARY:
        return Known(Role.RECOVERING, f"startup is running, walreceiver is not streaming, {signals.source}")
    if isinstance(control, Unknown):
        return Unknown(f"startup is running, {signals.source}, but pg_control is not known: {control.why}")
    if control.value is not Role.PRIMARY:
        return Unknown(f"{control.source}, but {signals.source}")
    return Known(Role.PRIMARY, f"startup is running, {signals.source}, {control.source}")


def _stopped_role(directory: DataDirectory) -> Observed[Role]:
    contents = directory.contents
    if isinstance(contents, Unknown):
        return contents
    if contents.value is Contents.RESTORED:
        return Unknown(f"never started: {contents.source}")
    if contents.value is not Contents.CLUSTER:
        return Unknown(f"{contents.value.value}, no instance: {contents.source}")
    return _role_on_disk(directory)


def _role_on_disk(directory: DataDirectory) -> Observed[Role]:
    control, signals = _by_control(directory), _by_signals(directory)
    if isinstance(control, Unknown):
        return control
    if isinstance(signals, Unknown):
        return signals
    if (control.value is Role.PRIMARY) is not (signals.value is Role.PRIMARY):
        return Unknown(f"{control.source}, but {signals.source}")
    source = f"{control.source}; {signals.source}"
    if signals.value is Role.REPLICA and not _has_source(directory):
        return Known(Role.RECOVERING, f"{source}; no source to follow")
    return Known(signals.value, source)


def _has_source(directory: DataDirectory) -> bool:
    """Whether it is known where more WAL comes from."""
    return bool(value_of(directory.primary_conninfo, "") or value_of(directory.restore_command, ""))


# The state.


def _live_state(server: Server, role: Observed[Role], sql: Observed[Testimony]) -> Observed[State]:
    if isinstance(sql, Known):
        return Known(State.RUNNING, f"it answers on {sql.value.where}")
    if sql.why == STARTING:
        return Known(State.STARTING, STARTING)
    if _starting_up(server) and isinstance(role, Known) and role.value is Role.PRIMARY:
        return Known(State.STARTING, "crash recovery: startup is running")
    return Known(State.RUNNING, f"process {server.pid} is alive")


def _stopped_state(directory: DataDirectory) -> Observed[State]:
    if isinstance(directory.contents, Known) and directory.contents.value is not Contents.CLUSTER:
        return Known(State.STOPPED, "no server process")
    control = directory.control
    if isinstance(control, Unknown):
        return Unknown(f"no server process; {control.why}")
    state = State.STOPPED if control.value.state in _CLEAN else State.CRASHED
    return Known(state, f"no server process; pg_control says {control.value.state.title}")


# What does not fit together.


def _warnings(directory: DataDirectory, server: Server | None, role: Observed[Role]) -> Iterator[str]:
    if server is not None:
        yield from _warnings_of_a_server(directory, server, role)
    elif directory.writers:
        yield f"no server runs on it, but process {', '.join(map(str, directory.writers))} has files open below it"
    if isinstance(role, Known) and role.value is Role.RECOVERING:
        yield from _warnings_of_a_standby(directory)


def _warnings_of_a_server(directory: DataDirectory, server: Server, role: Observed[Role]) -> Iterator[str]:
    if server.directory_deleted:
        yield f"its data directory has been removed while process {server.pid} runs"
    if server.suspended:
        yield f"process {server.pid} is suspended (SIGSTOP or a freezer): it answers nobody"
    signals = _by_signals(directory)
    if isinstance(role, Unknown) or isinstance(signals, Unknown):
        return
    if role.value is Role.PRIMARY and signals.value is not Role.PRIMARY:
        yield f"{signals.source}, although this is a running primary: its next start would be a recovery"
    if role.value is not Role.PRIMARY and signals.value is Role.PRIMARY:
        yield f"{signals.source}, although it is in recovery: its next start would be as a primary"


def _warnings_of_a_standby(directory: DataDirectory) -> Iterator[str]:
    """A standby without a source is not refused by PostgreSQL: it waits for WAL for ever."""
    if value_of(directory.files, frozenset()).isdisjoint(_STANDBY_SIGNALS) or _has_source(directory):
        return
    settings = (directory.primary_conninfo, directory.restore_command)
    hidden = [explain(setting) for setting in settings if isinstance(setting, Unknown)]
    if hidden:
        yield f"where it gets its WAL from is not known: {hidden[0]}"
    else:
        yield "it has neither primary_conninfo nor restore_command: it waits for WAL for ever"
