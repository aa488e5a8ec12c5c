"""What this node is, and how we know: `guardsh status` as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from guardsh.model.data_directory import Contents, DataDirectory, Size
from guardsh.model.figures import count, duration, moment, size
from guardsh.model.instance import Archiver, Instance, Receiver, Replication, Slot, Standby, only_copy
from guardsh.model.node import Node
from guardsh.model.observed import Known, Observed, Unknown, explain
from guardsh.model.storage import Member, summary
from guardsh.screen.rows import Row, headline, paragraph, table
from guardsh.screen.style import WORDS, Style

T = TypeVar("T")


def status(node: Node, width: int, style: Style = WORDS) -> list[str]:
    """Every instance with its role, state and figures, each with its source; then the arrays."""
    lines: list[str] = []
    for instance in node.instances:
        lines += [*_instance(node, instance, width, style), ""]
    if not node.instances:
        lines += [*headline(node.host, "no instance", "no data directory of PostgreSQL was found", width, style), ""]
    return ["", *lines, *table(_array_rows(node), width), ""]


def _instance(node: Node, instance: Instance, width: int, style: Style) -> list[str]:
    word = instance.role.value.value if isinstance(instance.role, Known) else "unknown"
    return [
        *headline(node.host, word, _title(node, instance), width, style),
        *(line for warning in instance.warnings for line in paragraph(f"warning: {warning}", width)),
        "",
        *table(_rows(node, instance), width),
    ]


def _title(node: Node, instance: Instance) -> str:
    directory = instance.directory
    version = f" {directory.version.value}" if isinstance(directory.version, Known) else ""
    parts = [f"PostgreSQL{version}", directory.place.path]
    if isinstance(directory.size, Known):
        parts.append(_size(directory.size.value))
    if instance.server is not None:
        parts.append(f"up {duration(node.seen - instance.server.started)}")
    elif isinstance(instance.state, Known):
        parts.append(instance.state.value.value)
    return " · ".join(parts)


def _rows(node: Node, instance: Instance) -> Iterator[Row]:
    yield _row("role", instance.role, lambda role: role.value)
    for witness in instance.witnesses:
        yield _row(f"  {witness.name}", witness.role, lambda role: role.value)
    yield _row("state", instance.state, lambda state: state.value)
    yield from _directory_rows(instance.directory)
    if instance.live:
        yield from _live_rows(instance, node.seen)


def _directory_rows(directory: DataDirectory) -> Iterator[Row]:
    contents = directory.contents
    if isinstance(contents, Unknown) or contents.value is not Contents.CLUSTER:
        yield _row("contents", contents, lambda kind: kind.value)
    if directory.size is not None:
        yield _row("size", directory.size, _size)


def _live_rows(instance: Instance, now: float) -> Iterator[Row]:
    replication = instance.replication
    if isinstance(replication, Unknown):
        yield _row("replication", replication, lambda _: "")
    else:
        yield from replication_rows(replication.value, now)
    yield _row("only copy", only_copy(instance), lambda alone: "yes" if alone else "no")


def replication_rows(replication: Replication, now: float) -> Iterator[Row]:
    """Replicas, slots, archive, receiver, timeline and clients; ``now`` in seconds since the epoch."""
    yield from _listed("replicas", replication.standbys, _standby)
    yield from _listed("slots", replication.slots, _slot)
    yield _row("archive", replication.archiver, lambda archiver: _archive(archiver, now)[0])
    yield from _details(replication.archiver, lambda archiver: _archive(archiver, now)[1])
    yield _row("receiver", replication.receiver, lambda receiver: receiver.status if receiver else "none")
    yield from _details(replication.receiver, _receiver)
    yield _row("timeline", replication.timeline, str)
    yield _row("clients", replication.clients, count)


def _listed(label: str, observed: Observed[tuple[T, ...]], describe: Callable[[T], str]) -> Iterator[Row]:
    yield _row(label, observed, lambda items: count(len(items)) if items else "none")
    if isinstance(observed, Known):
        yield from (("", "", describe(item)) for item in observed.value)


def _details(observed: Observed[T], describe: Callable[[T], str]) -> Iterator[Row]:
    text = describe(observed.value) if isinstance(observed, Known) else ""
    if text:
        yield "", "", text


def _row(label: str, observed: Observed[T], shown: Callable[[T], str]) -> Row:
    return label, shown(observed.value) if isinstance(observed, Known) else "not known", explain(observed)


def _standby(standby: Standby) -> str:
    lag = "lag not known" if standby.lag is None else f"{size(standby.lag)} behind" if standby.lag else "up to date"
    return f"{standby.name} on {standby.address}: {standby.state}, {standby.sync_state}, {lag}"


def _slot(slot: Slot) -> str:
    kept = "" if slot.retained is None else f", {size(slot.retained)} of WAL kept for it"
    return f"{slot.name}: {slot.kind}, {'active' if slot.active else 'inactive'}{kept}"


def _archive(archiver: Archiver, now: float) -> tuple[str, str]:
    """What archiving does, in a word, and the figures."""
    if archiver.mode == "off":
        return "off", ""
    if not archiver.configured:
        return "unconfigured", f"archive_mode is {archiver.mode}, but there is no archive_command or archive_library"
    last = "never" if archiver.last_archived is None else moment(archiver.last_archived, now)
    figures = [f"last segment archived: {last}", *_waiting(archiver)]
    if archiver.failing_since is not None:
        return "failing", "; ".join([f"since {moment(archiver.failing_since, now)}", *figures])
    return "working", "; ".join(figures)


def _waiting(archiver: Archiver) -> list[str]:
    if archiver.waiting is None:
        return ["segments only on this host: not known"]
    bytes_ = "" if archiver.waiting_bytes is None else f" ({size(archiver.waiting_bytes)})"
    return [f"{count(archiver.waiting)} segments{bytes_} only on this host"] if archiver.waiting else []


def _receiver(receiver: Receiver | None) -> str:
    if receiver is None:
        return ""
    port = "" if receiver.port is None else f":{receiver.port}"
    slot = f", slot {receiver.slot}" if receiver.slot else ""
    silence = "" if receiver.silence is None else f", last message {duration(receiver.silence)} ago"
    return f"from {receiver.host}{port}{slot}{silence}"


def _size(seen: Size) -> str:
    return size(seen.bytes) if seen.complete else f"at least {size(seen.bytes)}"


def _array_rows(node: Node) -> Iterator[Row]:
    if isinstance(node.arrays, Unknown) or not node.arrays.value:
        yield _row("arrays", node.arrays, lambda _: "none")
        return
    for array in node.arrays.value:
        yield "array", array.name, f"{summary(array).removeprefix(array.name).lstrip()} ({array.source})"
        yield from (("", f"  {member.device or '-'}", _member(member)) for member in array.members)
        yield from (("", "", doubt) for doubt in array.doubts)


def _member(member: Member) -> str:
    return member.state if member.slot is None else f"{member.state}, slot {member.slot}"
