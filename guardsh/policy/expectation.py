"""What a runbook expects of a node before its next step, held against what was observed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from guardsh.model.instance import Archiver, Instance, Replication, Role
from guardsh.model.node import Node
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.storage import Health, summary

_GRAVEST_FIRST = (Role.PRIMARY, None, Role.RECOVERING, Role.REPLICA)


@dataclass(frozen=True, slots=True)
class Expectation:
    """None expects nothing. ``replicas`` is at least how many standbys; ``instance`` a data directory."""

    role: str | None = None
    state: str | None = None
    host: str | None = None
    replicas: int | None = None
    array: str | None = None  # healthy
    archiver: str | None = None  # ok
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation: it holds, does not, or (None) cannot be known; and the sentence that says so."""

    holds: bool | None
    sentence: str


def hold(expectation: Expectation, node: Node) -> tuple[Finding, ...]:
    """Each expectation against the node; where several instances run, the gravest one unless one is named."""
    return tuple(_findings(expectation, node))


def _findings(wanted: Expectation, node: Node) -> Iterator[Finding]:
    if wanted.host is not None:
        same = node.host.lower() == wanted.host.lower().partition(".")[0]
        yield Finding(same, f"host is {node.host}")
    if wanted.array is not None:
        yield from _arrays(node)
    about_instance = (wanted.role, wanted.state, wanted.replicas, wanted.archiver)
    if all(each is None for each in about_instance):
        return
    instance = chosen(node, wanted.instance)
    if instance is None:
        yield Finding(None, f"no instance in {wanted.instance}" if wanted.instance else "no instance on this node")
        return
    yield from _instance(wanted, instance)


def chosen(node: Node, directory: str | None) -> Instance | None:
    """The instance of that data directory, or the gravest one of the node: live before stopped, then by role."""
    if directory is not None:
        path = directory.rstrip("/")
        return next((each for each in node.instances if each.directory.place.path == path), None)
    return min(node.instances, key=_gravity, default=None)


def _gravity(instance: Instance) -> tuple[bool, int]:
    role = instance.role.value if isinstance(instance.role, Known) else None
    return not instance.live, _GRAVEST_FIRST.index(role)


def _instance(wanted: Expectation, instance: Instance) -> Iterator[Finding]:
    if wanted.role is not None:
        yield _word("role", wanted.role, instance.role)
    if wanted.state is not None:
        yield _word("state", wanted.state, instance.state)
    if wanted.replicas is not None:
        least = wanted.replicas
        yield _part(instance.replication, lambda seen: _replicas(seen, least))
    if wanted.archiver is not None:
        yield _part(instance.replication, _archiver)


def _word(name: str, wanted: str, seen: Observed[Role] | Observed[object]) -> Finding:
    if isinstance(seen, Unknown):
        return Finding(None, f"{name} is not known: {seen.why}")
    word = str(getattr(seen.value, "value", seen.value))
    return Finding(word == wanted, f"{name} is {word}: {seen.source}")


def _part(seen: Observed[Replication], judge: Callable[[Replication], Finding]) -> Finding:
    return Finding(None, f"replication is not known: {seen.why}") if isinstance(seen, Unknown) else judge(seen.value)


def _replicas(seen: Replication, least: int) -> Finding:
    if isinstance(seen.standbys, Unknown):
        return Finding(None, f"replicas are not known: {seen.standbys.why}")
    count = len(seen.standbys.value)
    return Finding(count >= least, f"{count} of at least {least} replicas: {seen.standbys.source}")


def _archiver(seen: Replication) -> Finding:
    if isinstance(seen.archiver, Unknown):
        return Finding(None, f"the archiver is not known: {seen.archiver.why}")
    archiver: Archiver = seen.archiver.value
    if archiver.mode == "off" or not archiver.configured:
        return Finding(False, "WAL is not archived: archive_mode or the archive command is not set")
    if archiver.failing_since is not None:
        return Finding(False, f"archiving fails: {seen.archiver.source}")
    if archiver.last_archived is None:
        return Finding(None, "nothing has been archived yet")
    return Finding(True, f"archiving works: {seen.archiver.source}")


def _arrays(node: Node) -> Iterator[Finding]:
    if isinstance(node.arrays, Unknown):
        yield Finding(None, f"arrays are not known: {node.arrays.why}")
        return
    for array in node.arrays.value:
        healthy = array.health in (Health.CLEAN, Health.CHECKING)
        yield Finding(None if healthy and array.doubts else healthy, summary(array))
    if not node.arrays.value:
        yield Finding(True, f"no md arrays: {node.arrays.source}")
