"""Standbys, slots, archive and source of an instance as rows: the same words in a challenge and in status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from guardsh.model.data_directory import Contents, Size
from guardsh.model.figures import count, duration, moment, size
from guardsh.model.instance import Archiver, Instance, Receiver, Slot, Standby
from guardsh.model.observed import Known, Observed, Unknown, value_of

Row: TypeAlias = tuple[str, str, str]  # label, value, and how we know or what it is in detail


def title(instance: Instance, now: float) -> str:
    """``PostgreSQL 14 · /mnt/data/postgresql-14 · 51.2 TB · up 3 h``; what is no cluster has no state."""
    directory = instance.directory
    parts = [f"PostgreSQL {directory.version.value}"] if isinstance(directory.version, Known) else []
    parts.append(directory.place.path)
    if isinstance(directory.size, Known) and directory.size.value.bytes:
        parts.append(estimated(directory.size.value))
    if instance.server:
        parts.append(f"up {duration(now - instance.server.started)}")
    elif isinstance(instance.state, Known) and value_of(directory.contents, Contents.CLUSTER) is Contents.CLUSTER:
        parts.append(instance.state.value.value)
    return " · ".join(parts)


def estimated(found: Size) -> str:
    return size(found.bytes) if found.complete else f"at least {size(found.bytes)}"


def replicas(found: Observed[tuple[Standby, ...]], source: str) -> Iterator[Row]:
    """How many, and each on a row of its own."""
    if isinstance(found, Unknown):
        yield "replicas", "not known", source
        return
    yield "replicas", _number(found.value), source
    yield from (("", each.name, _standby(each)) for each in found.value)


def slots(found: Observed[tuple[Slot, ...]]) -> Iterator[Row]:
    if isinstance(found, Unknown):
        yield "slots", "not known", found.why
        return
    yield "slots", _number(found.value), found.source
    yield from (("", each.name, f"{each.kind}, {slot(each)}") for each in found.value)


def slot(found: Slot) -> str:
    """``inactive, 214 GB of WAL kept for it``"""
    kept = "" if found.retained is None else f", {size(found.retained)} of WAL kept for it"
    return f"{'active' if found.active else 'inactive'}{kept}"


def archive(found: Observed[Archiver], now: float) -> Row:
    if isinstance(found, Unknown):
        return "archive", "not known", found.why
    return "archive", archive_state(found.value), "; ".join(_archive_figures(found.value, now)) or found.source


def archive_state(archiver: Archiver) -> str:
    """What a restore could count on, in one word or two."""
    if archiver.mode == "off":
        return "off"
    if not archiver.configured:
        return "no command"
    return "working" if archiver.failing_since is None else "failing"


def streaming_source(found: Observed[Receiver | None]) -> Row:
    """Where a replica streams from."""
    if isinstance(found, Unknown):
        return "source", "not known", found.why
    if found.value is None:
        return "source", "none", found.source
    receiver = found.value
    used = f", slot {receiver.slot}" if receiver.slot else ""
    silent = "" if receiver.silence is None else f"; last heard of {duration(receiver.silence)} ago"
    return "source", upstream(receiver), f"{receiver.status}{used}{silent}"


def upstream(receiver: Receiver) -> str:
    """``db-01:5432``, as far as it is known."""
    return ":".join(str(part) for part in (receiver.host, receiver.port) if part) or "not known"


def _number(items: tuple[object, ...]) -> str:
    return count(len(items)) if items else "none"


def _standby(standby: Standby) -> str:
    lag = "lag not known" if standby.lag is None else f"{size(standby.lag)} behind"
    return f"{standby.state}, {standby.sync_state}, from {standby.address}, {lag}"


def _archive_figures(archiver: Archiver, now: float) -> Iterator[str]:
    if archiver.mode == "off":
        return
    if not archiver.configured:
        yield f"archive_mode is {archiver.mode}, but there is no archive_command or archive_library"
        return
    if archiver.failing_since is not None:
        yield f"since {moment(archiver.failing_since, now)}"
    last = archiver.last_archived
    yield "nothing archived yet" if last is None else f"last segment {duration(now - last)} ago"
    if archiver.waiting is None:
        yield "segments only on this host: not known"
    elif archiver.waiting:
        much = "" if archiver.waiting_bytes is None else f" ({size(archiver.waiting_bytes)})"
        yield f"{count(archiver.waiting)} segments{much} only on this host"
