"""The figures beside a verdict: label, value, and how we know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from guardsh.model.data_directory import Size
from guardsh.model.figures import count, duration, moment, size
from guardsh.model.instance import Archiver, Instance, Receiver, Role, Slot, Standby, State
from guardsh.model.intent import Effect
from guardsh.model.observed import Known, Observed, Unknown, explain
from guardsh.model.storage import Arrays, summary
from guardsh.policy.case import Case, replication, word

Row: TypeAlias = tuple[str, str, str]


def evidence(case: Case) -> tuple[Row, ...]:
    """All rows of one case, in the order in which they are shown."""
    node = case.inquiry.findings.node
    if case.instance is None:
        return tuple(_arrays(node.arrays))
    return tuple(_rows(case, case.instance, node.seen, node.arrays))


def title(instance: Instance, now: float) -> str:
    """``PostgreSQL 14 · /mnt/data/postgresql-14 · 51.2 TB · up 3 h``"""
    directory = instance.directory
    parts = [directory.place.path]
    if isinstance(directory.version, Known):
        parts.insert(0, f"PostgreSQL {directory.version.value}")
    if isinstance(directory.size, Known) and directory.size.value.bytes:
        parts.append(_size(directory.size.value))
    if instance.server:
        parts.append(f"up {duration(now - instance.server.started)}")
    elif isinstance(instance.state, Known) and word(instance) in {role.value for role in Role}:
        parts.append(instance.state.value.value)
    return " · ".join(parts)


def standbys_source(instance: Instance) -> str:
    """How we know of its standbys, and the slots of those that are gone."""
    found = replication(instance, lambda seen: seen.standbys)
    slots = replication(instance, lambda seen: seen.slots)
    idle = [_slot(slot) for slot in slots.value if not slot.active] if isinstance(slots, Known) else []
    return "; ".join(part for part in (explain(found), *idle) if part)


def _rows(case: Case, instance: Instance, now: float, arrays: Arrays) -> Iterator[Row]:
    if not instance.live:
        yield _contents(instance)
        yield from _last_written(instance, now)
    if word(instance) in (*(role.value for role in Role), "unknown"):
        yield _role(instance)
    if instance.live:
        yield from _replicas(instance)
        yield from _receiver(instance)
        yield from _archive(instance, now, case.effect)
        if case.effect is Effect.PROMOTE:
            yield _slots(instance)
            yield from _timeline(instance)
    yield from _arrays(arrays)
    yield from _clients(instance)


def _role(instance: Instance) -> Row:
    value = instance.role.value.value if isinstance(instance.role, Known) else "not known"
    state = instance.state.value if isinstance(instance.state, Known) else None
    if state not in (State.RUNNING, None):
        value += f", {state.value}"
    return "role", value, explain(instance.role)


def _contents(instance: Instance) -> Row:
    contents = instance.directory.contents
    value = contents.value.value if isinstance(contents, Known) else "not known"
    return "contents", value, explain(contents)


def _last_written(instance: Instance, now: float) -> Iterator[Row]:
    control = instance.directory.control
    if isinstance(control, Known):
        ago = f"{duration(now - control.value.written)} ago"
        yield "last wrote", ago, f"{control.value.state.title} on timeline {control.value.timeline} in pg_control"


def _replicas(instance: Instance) -> Iterator[Row]:
    found = replication(instance, lambda seen: seen.standbys)
    if isinstance(found, Known) and not found.value and word(instance) == Role.REPLICA.value:
        return
    if isinstance(found, Unknown):
        yield "replicas", "not known", standbys_source(instance)
    else:
        yield "replicas", _number(found.value), standbys_source(instance)
        yield from (("", each.name, _standby(each)) for each in found.value)


def _number(standbys: tuple[Standby, ...]) -> str:
    return str(len(standbys)) if standbys else "none"


def _standby(standby: Standby) -> str:
    lag = "" if standby.lag is None else f", {size(standby.lag)} behind"
    return f"{standby.state}, {standby.sync_state}, from {standby.address}{lag}"


def _slot(slot: Slot) -> str:
    kept = "" if slot.retained is None else f", {size(slot.retained)} of WAL kept for it"
    return f"slot {slot.name} {'active' if slot.active else 'inactive'}{kept}"


def _slots(instance: Instance) -> Row:
    slots = replication(instance, lambda seen: seen.slots)
    if isinstance(slots, Unknown):
        return "slots", "not known", slots.why
    return "slots", str(len(slots.value)) if slots.value else "none", slots.source


def _receiver(instance: Instance) -> Iterator[Row]:
    found: Observed[Receiver | None] = replication(instance, lambda seen: seen.receiver)
    if isinstance(found, Known) and found.value is not None:
        silent = "" if found.value.silence is None else f"; last heard of {duration(found.value.silence)} ago"
        yield "source", upstream(found.value), f"{found.value.status}{silent}"


def upstream(receiver: Receiver) -> str:
    """``db-01:5432``, as far as it is known."""
    return ":".join(str(part) for part in (receiver.host, receiver.port) if part) or "not known"


def _archive(instance: Instance, now: float, effect: Effect) -> Iterator[Row]:
    found = replication(instance, lambda seen: seen.archiver)
    if isinstance(found, Unknown):
        yield "archive", "not known", found.why
    elif word(instance) != Role.REPLICA.value or effect is Effect.PROMOTE or found.value.mode == "always":
        yield "archive", archive_state(found.value), _archive_figures(found.value, now) or found.source


def archive_state(archiver: Archiver) -> str:
    """What a restore could count on, in one word or two."""
    if archiver.mode == "off":
        return "off"
    if not archiver.configured:
        return "no command"
    return "working" if archiver.failing_since is None else "failing"


def _archive_figures(archiver: Archiver, now: float) -> str:
    parts = []
    if archiver.failing_since is not None:
        parts.append(f"since {moment(archiver.failing_since, now)}")
    elif archiver.last_archived is not None:
        parts.append(f"last segment {duration(now - archiver.last_archived)} ago")
    if archiver.waiting:
        much = "" if archiver.waiting_bytes is None else f" ({size(archiver.waiting_bytes)})"
        parts.append(f"{count(archiver.waiting)} segments{much} only on this host")
    return "; ".join(parts)


def _timeline(instance: Instance) -> Iterator[Row]:
    found = replication(instance, lambda seen: seen.timeline)
    if isinstance(found, Known):
        yield "timeline", str(found.value), found.source


def _clients(instance: Instance) -> Iterator[Row]:
    found = replication(instance, lambda seen: seen.clients)
    if isinstance(found, Known):
        yield "clients", count(found.value), found.source


def _arrays(arrays: Arrays) -> Iterator[Row]:
    if isinstance(arrays, Unknown):
        yield "arrays", "not known", arrays.why
        return
    for array in arrays.value:
        name = f"{array.name} {array.level}".rstrip()
        yield "array", name, "; ".join((summary(array).removeprefix(name).strip(), *array.doubts))


def _size(found: Size) -> str:
    return size(found.bytes) if found.complete else f"at least {size(found.bytes)}"
