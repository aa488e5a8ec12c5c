"""The figures beside a verdict: label, value, and how we know."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.model import wording
from guardsh.model.figures import count, duration
from guardsh.model.instance import Instance, Role, State
from guardsh.model.intent import Effect
from guardsh.model.observed import Known, Unknown, explain
from guardsh.model.storage import Arrays, danger, summary
from guardsh.model.wording import Row
from guardsh.policy.case import Case, replication, word


def evidence(case: Case) -> tuple[Row, ...]:
    """All rows of one case, in the order in which they are shown."""
    node = case.inquiry.findings.node
    if case.instance is None:
        return tuple(_arrays(node.arrays))
    return tuple(_rows(case, case.instance, node.seen, node.arrays))


def standbys_source(instance: Instance) -> str:
    """How we know of its standbys, and the slots of those that are gone."""
    found = replication(instance, lambda seen: seen.standbys)
    slots = replication(instance, lambda seen: seen.slots)
    idle = [slot for slot in slots.value if not slot.active] if isinstance(slots, Known) else []
    return "; ".join((explain(found), *(f"slot {slot.name} {wording.slot(slot)}" for slot in idle)))


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
            yield from wording.slots(replication(instance, lambda seen: seen.slots))
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
    yield from wording.replicas(found, standbys_source(instance))


def _receiver(instance: Instance) -> Iterator[Row]:
    found = replication(instance, lambda seen: seen.receiver)
    if isinstance(found, Known) and found.value is not None:
        yield wording.streaming_source(found)


def _archive(instance: Instance, now: float, effect: Effect) -> Iterator[Row]:
    found = replication(instance, lambda seen: seen.archiver)
    always = isinstance(found, Unknown) or found.value.mode == "always"
    if always or word(instance) != Role.REPLICA.value or effect is Effect.PROMOTE:
        yield wording.archive(found, now)


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
        yield (
            "array",
            name,
            "; ".join(filter(None, (summary(array).removeprefix(name).strip(), danger(array), *array.doubts))),
        )
