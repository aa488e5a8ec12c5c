"""The node in one word and its flags, for prompts and colours: the gravest instance decides."""

from __future__ import annotations

import re
from dataclasses import replace

from guardsh.model.data_directory import Contents
from guardsh.model.instance import Instance, Role, only_copy
from guardsh.model.node import Node
from guardsh.model.node_state import ACTIONS, HEALTHS, LONGEST_NAME, ArrayState, NodeState, line
from guardsh.model.observed import Known
from guardsh.model.storage import Array, Arrays, Progress

_NO_INSTANCE = (Contents.ABSENT, Contents.EMPTY, Contents.OTHER, Contents.ABORTED)
_RESTORES = (Contents.RESTORED, Contents.INCOMPLETE)
_MOVING = ("checking", "resyncing", "recovering", "reshaping")
_UNSAFE = re.compile(r"[^A-Za-z0-9_./-]+")
_GRAVEST_FIRST = ("primary", "unknown", "recovering", "replica")


def node_state(node: Node) -> NodeState:
    """The gravest instance of the node, live before stopped; ``none`` where there is no instance at all.

    An aborted restore is no instance. A server that is alive and does not answer is believed only if it is a primary:
    whatever else it was, it may have become one.
    """
    instances = [each for each in node.instances if _counts(each)]
    written = int(node.seen)
    arrays = _arrays(node.arrays)
    if not instances:
        return _fitting(NodeState(written, "none", "none", (), arrays))
    gravest = min(instances, key=_gravity)
    flags = tuple(name for name, holds in _flags(gravest, instances).items() if holds)
    return _fitting(NodeState(written, _role(gravest), _state(gravest), flags, arrays))


def with_arrays(state: NodeState, arrays: Arrays) -> NodeState:
    """The same, with the arrays as they are by now."""
    return _fitting(replace(state, arrays=_arrays(arrays)))


def not_known(written: float) -> NodeState:
    """What to write where nothing can be seen, or nobody looks any more."""
    return NodeState(int(written), "unknown", "unknown")


def _counts(instance: Instance) -> bool:
    contents = instance.directory.contents
    return instance.live or not (isinstance(contents, Known) and contents.value in _NO_INSTANCE)


def _gravity(instance: Instance) -> tuple[bool, int]:
    return not instance.live, _GRAVEST_FIRST.index(_role(instance))


def _role(instance: Instance) -> str:
    contents = instance.directory.contents
    if not instance.live and isinstance(contents, Known) and contents.value in _RESTORES:
        return Role.RECOVERING.value
    role = instance.role
    if isinstance(role, Known) and (role.value is Role.PRIMARY or _state(instance) != "unknown"):
        return role.value.value
    return "unknown"


def _state(instance: Instance) -> str:
    if instance.server is not None and instance.server.suspended:
        return "unknown"
    return instance.state.value.value if isinstance(instance.state, Known) else "unknown"


def _flags(gravest: Instance, instances: list[Instance]) -> dict[str, bool]:
    alone = only_copy(gravest)
    return {
        "only-copy": isinstance(alone, Known) and alone.value,
        "archiver-failing": _archiver_failing(gravest),
        "several": sum(each.live is gravest.live for each in instances) > 1,
    }


def _archiver_failing(instance: Instance) -> bool:
    seen = instance.replication
    if not isinstance(seen, Known) or not isinstance(seen.value.archiver, Known):
        return False
    return seen.value.archiver.value.failing_since is not None


def _arrays(arrays: Arrays) -> tuple[ArrayState, ...]:
    """Those that are not clean, the gravest first."""
    found = arrays.value if isinstance(arrays, Known) else ()
    return tuple(map(_array, sorted((each for each in found if each.health.value in HEALTHS), key=_array_gravity)))


def _array(array: Array) -> ArrayState:
    said = ArrayState(_name(array.name), array.health.value, array.working, array.expected or 0)
    moving = array.progress
    if moving is None or moving.held or not moving.total:
        return said
    action = "check" if moving.action == "repair" else moving.action
    named = action in ACTIONS and said.health in _MOVING
    percent = min(100, int(moving.fraction * 100))
    return replace(said, health=action if named else said.health, percent=percent, left=_left(moving))


def _name(given: str) -> str:
    """For prompts: whatever could mean something to a shell or a terminal is gone; whoever made it chose the name.

    >>> _name("md127"), _name("vg0/pg_data"), _name("$(reboot) %n\x1b[2J"), _name("…")
    ('md127', 'vg0/pg_data', 'reboot-n-2J', 'array')
    """
    return _UNSAFE.sub("-", given).lstrip("-_.")[:LONGEST_NAME] or "array"


def _left(moving: Progress) -> tuple[int, str] | None:
    """In the unit in which it is told to people."""
    seconds = moving.seconds_left
    if seconds is None:
        return None
    for unit, size in (("d", 86400), ("h", 3600)):
        if seconds >= 2 * size:
            return min(9999, round(seconds / size)), unit
    return max(1, round(seconds / 60)), "min"


def _array_gravity(array: Array) -> tuple[int, str]:
    return -HEALTHS.index(array.health.value), array.name


def _fitting(state: NodeState) -> NodeState:
    """As many arrays as the line has room for."""
    arrays: tuple[ArrayState, ...] = ()
    for array in state.arrays:
        try:
            line(replace(state, arrays=(*arrays, array)))
        except ValueError:  # too long
            continue
        arrays = (*arrays, array)
    return replace(state, arrays=arrays)
