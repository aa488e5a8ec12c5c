"""What the server itself says by SQL: its role, who follows it, what it archives, where it streams from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from guardsh.model.instance import Archiver, Receiver, Replication, Slot, Standby
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.system.database import Answers, Row

T = TypeVar("T")

# PostgreSQL 12 to 18. A position to measure from: what a primary has written, what a replica has received or replayed.
_HERE = """case when pg_is_in_recovery() then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
             else pg_current_wal_lsn() end"""

_ROLE = "select pg_is_in_recovery()"

# pg_receivewal, base backups and a standby that has just connected have no replay_lsn; a logical sender has one, and a
# logical slot. Whose state is null, the account may not see (pg_monitor may).
_STANDBYS = f"""
select coalesce(application_name, ''), coalesce(host(client_addr), 'local'), state, coalesce(sync_state, ''),
       pg_wal_lsn_diff({_HERE}, replay_lsn)::bigint, replay_lsn is not null
  from pg_stat_replication s
 where not exists (select from pg_replication_slots where active_pid = s.pid and slot_type = 'logical')
 order by application_name, pid
"""  # noqa: S608 (made of constants)

_SLOTS = f"""
select slot_name, slot_type, active, pg_wal_lsn_diff({_HERE}, restart_lsn)::bigint
  from pg_replication_slots where not temporary order by slot_name
"""  # noqa: S608 (made of constants)

# archive_library is of 15. archive_command reads "(disabled)" where archive_mode is off.
_ARCHIVER = """
select current_setting('archive_mode'),
       current_setting('archive_command') not in ('', '(disabled)')
       or coalesce(current_setting('archive_library', true), '') <> '',
       extract(epoch from last_archived_time)::float8, extract(epoch from last_failed_time)::float8
  from pg_stat_archiver
"""

# pg_monitor. History and backup-label files are archived too, but are no segments.
_WAITING = """
select count(*), extract(epoch from min(modification))::float8,
       count(*) * pg_size_bytes(current_setting('wal_segment_size'))
  from pg_ls_archive_statusdir() where name ~ '^[0-9A-F]{24}[.]ready$'
"""

_RECEIVER = """
select status, sender_host, sender_port, slot_name,
       extract(epoch from clock_timestamp() - last_msg_receipt_time)::float8
  from pg_stat_wal_receiver
"""

_CLIENTS = """
select count(*) filter (where backend_type = 'client backend'), count(*) filter (where backend_type is null)
  from pg_stat_activity where pid <> pg_backend_pid() and application_name is distinct from 'guardsh'
"""

# The latest checkpoint's timeline is the old one until the first checkpoint after a promotion.
_TIMELINE = """
select case when pg_is_in_recovery()
            then greatest((select max(received_tli) from pg_stat_wal_receiver),
                          (select min_recovery_end_timeline from pg_control_recovery()),
                          (select timeline_id from pg_control_checkpoint()))
            else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end
"""

STATEMENTS = (_ROLE, _STANDBYS, _SLOTS, _ARCHIVER, _WAITING, _RECEIVER, _CLIENTS, _TIMELINE)


@dataclass(frozen=True, slots=True)
class Testimony:
    """What one server said. ``where`` is the socket or address: ``/run/postgresql:5432``."""

    where: str
    in_recovery: Observed[bool]
    replication: Replication


def hear(answers: Answers) -> Testimony:
    """Read the answers to ``STATEMENTS``, each by itself."""
    role, standbys, slots, archiver, waiting, receiver, clients, timeline = answers.results
    return Testimony(
        where=answers.where,
        in_recovery=_in_recovery(role, answers),
        replication=Replication(
            standbys=_read(standbys, _standbys, f"pg_stat_replication on {answers.where}"),
            slots=_read(slots, _slots, f"pg_replication_slots on {answers.where}"),
            archiver=_read(archiver, lambda rows: _archiver(rows, waiting), f"pg_stat_archiver on {answers.where}"),
            receiver=_read(receiver, _receiver, f"pg_stat_wal_receiver on {answers.where}"),
            clients=_read(clients, _clients, f"pg_stat_activity on {answers.where}"),
            timeline=_read(timeline, lambda rows: int(rows[0][0]), f"WAL position on {answers.where}"),
        ),
    )


class _HiddenError(Exception):
    """The rows are there, but this account may not see what they say."""


def _read(rows: Observed[tuple[Row, ...]], reading: Callable[[tuple[Row, ...]], T], source: str) -> Observed[T]:
    if isinstance(rows, Unknown):
        return rows
    try:
        return Known(reading(rows.value), source)
    except _HiddenError:
        return Unknown(f"{source} may be seen by members of pg_monitor only")


def _in_recovery(rows: Observed[tuple[Row, ...]], answers: Answers) -> Observed[bool]:
    if isinstance(rows, Known):
        answer = bool(rows.value[0][0])
        return Known(answer, f"pg_is_in_recovery() = {str(answer).lower()} on {answers.where}")
    if answers.in_hot_standby is not None:
        state = "on" if answers.in_hot_standby else "off"
        return Known(answers.in_hot_standby, f"in_hot_standby = {state} on {answers.where}")
    return rows


def _standbys(rows: tuple[Row, ...]) -> tuple[Standby, ...]:
    if any(state is None for _, _, state, *_ in rows):
        raise _HiddenError
    return tuple(
        Standby(name, address, state, sync, lag) for name, address, state, sync, lag, replaying in rows if replaying
    )


def _slots(rows: tuple[Row, ...]) -> tuple[Slot, ...]:
    return tuple(Slot(*row) for row in rows)


def _archiver(rows: tuple[Row, ...], waiting: Observed[tuple[Row, ...]]) -> Archiver:
    mode, configured, archived, failed = rows[0]
    count, oldest, size = waiting.value[0] if isinstance(waiting, Known) else (None, None, None)
    failing = mode != "off" and failed is not None and (archived is None or failed > archived)
    # No view says since when: the oldest segment that waits was completed about then.
    since = max((moment for moment in (archived, oldest) if moment is not None), default=failed)
    return Archiver(mode, configured, archived, since if failing else None, count, size)


def _receiver(rows: tuple[Row, ...]) -> Receiver | None:
    """No row: there is no walreceiver. A row of nulls: there is one, but this account may not see its source."""
    if not rows:
        return None
    status, host, port, slot, silence = rows[0]
    return Receiver(status or "", host or "", port, slot or "", silence)


def _clients(rows: tuple[Row, ...]) -> int:
    clients, hidden = rows[0]
    if hidden:
        raise _HiddenError
    return int(clients)
