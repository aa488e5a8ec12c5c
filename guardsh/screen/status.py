"""What this node is, and how we know: `guardsh status` as lines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TypeVar

from guardsh.model import wording
from guardsh.model.data_directory import Contents, DataDirectory
from guardsh.model.figures import count
from guardsh.model.instance import Instance, Replication, only_copy
from guardsh.model.node import Node
from guardsh.model.observed import Known, Observed, Unknown, explain
from guardsh.model.storage import Array, Member, danger, summary
from guardsh.model.wording import Row
from guardsh.screen.rows import headline, paragraph, table
from guardsh.screen.style import WORDS, Style
from guardsh.screen.tree import tree

T = TypeVar("T")


def status(node: Node, width: int, style: Style = WORDS) -> list[str]:
    """Every instance with its role, state and figures, each with its source; then the arrays."""
    lines: list[str] = []
    for instance in node.instances:
        lines += [*_instance(node, instance, width, style), ""]
    if not node.instances:
        lines += [*headline(node.host, "no instance", "no data directory of PostgreSQL was found", width, style), ""]
    return ["", *lines, *table((*_backup_rows(node), *_array_rows(node), *_by_hand(node)), width), ""]


def _instance(node: Node, instance: Instance, width: int, style: Style) -> list[str]:
    word = instance.role.value.value if isinstance(instance.role, Known) else "unknown"
    return [
        *headline(node.host, word, wording.title(instance, node.seen), width, style),
        *(line for warning in instance.warnings for line in paragraph(f"warning: {warning}", width)),
        "",
        *table(_rows(node, instance), width),
    ]


def _rows(node: Node, instance: Instance) -> Iterator[Row]:
    yield _row("role", instance.role, lambda role: role.value)
    for witness in instance.witnesses:
        yield _row(f"  {witness.name}", witness.role, lambda role: role.value)
    yield _row("state", instance.state, lambda state: state.value)
    yield from _directory_rows(instance.directory)
    for number, stack in enumerate(instance.directory.stacks):
        yield from tree(stack, "stands on" if number == 0 else f"  {os.path.basename(stack.path)}")
    if instance.live:
        yield from _live_rows(instance, node.seen)


def _directory_rows(directory: DataDirectory) -> Iterator[Row]:
    contents = directory.contents
    if isinstance(contents, Unknown) or contents.value is not Contents.CLUSTER:
        yield _row("contents", contents, lambda kind: kind.value)
    if directory.size is not None:
        yield _row("size", directory.size, wording.estimated)


def _live_rows(instance: Instance, now: float) -> Iterator[Row]:
    replication = instance.replication
    if isinstance(replication, Unknown):
        yield _row("replication", replication, lambda _: "")
    else:
        yield from _replication_rows(replication.value, now)
    yield _row("only copy", only_copy(instance), lambda alone: "yes" if alone else "no")


def _replication_rows(replication: Replication, now: float) -> Iterator[Row]:
    """Replicas, slots, archive, source, timeline and clients; ``now`` in seconds since the epoch."""
    yield from wording.replicas(replication.standbys, explain(replication.standbys))
    yield from wording.slots(replication.slots)
    yield wording.archive(replication.archiver, now)
    yield wording.streaming_source(replication.receiver)
    yield _row("timeline", replication.timeline, str)
    yield _row("clients", replication.clients, count)


def _row(label: str, observed: Observed[T], shown: Callable[[T], str]) -> Row:
    return label, shown(observed.value) if isinstance(observed, Known) else "not known", explain(observed)


def _backup_rows(node: Node) -> Iterator[Row]:
    if isinstance(node.backups, Unknown):
        yield _row("backups", node.backups, lambda _: "")
    for backup in node.backups.value if isinstance(node.backups, Known) else ():
        yield "backups", backup.path, f"{backup.what} ({backup.source})"
        if backup.stack is not None:
            yield from tree(backup.stack, "stands on")


def _array_rows(node: Node) -> Iterator[Row]:
    if isinstance(node.arrays, Unknown) or not node.arrays.value:
        yield _row("arrays", node.arrays, lambda _: "none")
        return
    for array in node.arrays.value:
        yield "array", array.name, f"{summary(array).removeprefix(array.name).lstrip()} ({array.source})"
        yield from (("", f"  {member.device or '-'}", _member(member)) for member in array.members)
        said = (danger(array), *_bitmap(array), *array.doubts, *_at_boot(array, node))
        yield from (("", "", each) for each in said if each)


def _at_boot(array: Array, node: Node) -> Iterator[str]:
    """What of its superblocks and of mdadm.conf would keep it from coming up as it is."""
    for assembly in node.boot.assemblies if node.boot else ():
        if assembly.array == array.name:
            yield from (f"at boot: {each.sentence} (to see it: {each.look})" for each in assembly.obstacles)
            yield from (f"at boot: not known whether it comes up: {doubt}" for doubt in assembly.doubts)
            yield from (f"at boot: {remark}" for remark in assembly.remarks)


def _by_hand(node: Node) -> Iterator[Row]:
    points = node.boot.by_hand if node.boot else Unknown("not looked at")
    if isinstance(points, Known):
        yield from (
            ("mounts", point, f"by hand: nothing mounts it at boot ({points.source})") for point in points.value
        )


def _bitmap(array: Array) -> Iterator[str]:
    """A mirror without one is compared from end to end after a power cut."""
    if array.bitmap is False and array.layout and array.layout.redundant:
        yield "no write-intent bitmap: a power cut, or a member that comes back, means a whole resync"


def _member(member: Member) -> str:
    return member.state if member.slot is None else f"{member.state}, slot {member.slot}"
