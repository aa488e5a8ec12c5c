"""The node in one line: which instance decides, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guardsh.model.instance import Instance
from guardsh.model.node import Node
from guardsh.model.node_state import ArrayState, NodeState, line, parse
from guardsh.model.observed import Known, Unknown
from guardsh.model.storage import Array, Health, Progress
from guardsh.policy.node_state import node_state, not_known
from tests.decisions.described import NOW, Block, findings

WRITTEN = int(NOW)


def state_of(*described: Block) -> NodeState:
    """What is said of a node with these instances."""
    return node_state(findings({"on": list(described)}).node)


def with_arrays(*arrays: Array) -> NodeState:
    return node_state(Node("db-01", (), Known(arrays, "/proc/mdstat"), NOW))


def array(name: str, health: Health) -> Array:
    return Array(name, "raid10", health, 8, 7, (), None, "", "/proc/mdstat")


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"on": "running primary", "standbys": 1}, "primary running -"),
        ({"on": "running primary"}, "primary running only-copy"),
        ({"on": "running primary", "archive": "failing"}, "primary running only-copy,archiver-failing"),
        ({"on": "running primary", "standbys": "unknown"}, "primary running -"),
        ({"on": "running replica"}, "replica running -"),
        ({"on": "running recovering"}, "recovering running only-copy"),
        ({"on": "starting primary", "standbys": 1}, "primary starting -"),
        ({"on": "stopped primary"}, "primary stopped -"),
        ({"on": "crashed replica"}, "replica crashed -"),
        ({"on": "running unknown", "standbys": 1}, "unknown running -"),
        ({"on": "unreadable instance"}, "unknown unknown -"),
        ({"on": "restored copy"}, "recovering stopped -"),
        ({"on": "incomplete restore"}, "recovering stopped -"),
        ({"on": "aborted restore"}, "none none -"),
        ({"on": "empty directory"}, "none none -"),
        ({"on": "missing directory"}, "none none -"),
        ({"on": "other directory"}, "none none -"),
        ({"on": "unreadable directory"}, "unknown stopped -"),
    ],
)
def test_one_instance(described: Block, said: str) -> None:
    assert line(state_of(described)) == f"1 {WRITTEN} {said} -"


@pytest.mark.parametrize(
    ("words", "role", "several"),
    [
        (("running replica", "running primary"), "primary", True),
        (("running replica", "running unknown"), "unknown", True),
        (("running unknown", "running primary"), "primary", True),
        (("running replica", "running recovering"), "recovering", True),
        (("running replica", "stopped primary"), "replica", False),
        (("running replica", "aborted restore"), "replica", False),
        (("stopped primary", "stopped replica"), "primary", True),
    ],
)
def test_the_gravest_live_instance_decides(words: tuple[str, str], role: str, several: bool) -> None:
    for order in (words, words[::-1]):
        state = state_of(*({"on": each, "standbys": 1} for each in order))
        assert (state.role, "several" in state.flags) == (role, several)


@pytest.mark.parametrize(
    ("role", "believed"), [("primary", "primary"), ("replica", "unknown"), ("recovering", "unknown")]
)
def test_a_server_that_hangs_is_believed_only_as_a_primary(role: str, believed: str) -> None:
    [running] = findings({"on": f"running {role}"}).node.instances
    assert running.server is not None
    suspended = replace(running, server=replace(running.server, suspended=True))
    silent = replace(running, state=Unknown("it does not answer"))
    for hung in (suspended, silent):
        state = node_state(_node(hung))
        assert (state.role, state.state) == (believed, "unknown")


def _node(instance: Instance) -> Node:
    return Node("db-01", (instance,), Known((), "/proc/mdstat"), NOW)


def test_arrays_that_are_not_clean_gravest_first() -> None:
    state = with_arrays(array("md0", Health.CLEAN), array("md1", Health.RESYNCING), array("md2", Health.FAILED))
    assert state.arrays == (ArrayState("md2", "failed", 7, 8), ArrayState("md1", "resyncing", 7, 8))


def test_as_many_arrays_as_shells_read() -> None:
    many = with_arrays(array("md_data", Health.FAILED), *(array(f"md{n}", Health.DEGRADED) for n in range(99)))
    assert len(line(many)) <= 400
    assert {each.name for each in many.arrays} < {"md_data", *(f"md{n}" for n in range(99))}
    assert len(many.arrays) > 15


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *((name, name) for name in ("md_data", "vg0/pg_data", "tank", "0b1c2d3e-a", "A.B")),
        ("$(reboot)\x1b]0;x\x07 `id`%n!!\\", "reboot-0-x-id-n-"),
        ("a,b:degraded:1:2 3", "a-b-degraded-1-2-3"),
        ("x" * 99, "x" * 24),
        *((name, "array") for name in ("", "-", "\n", "\u0430\u0440\u0438")),
    ],
)
def test_names_of_their_own(name: str, said: str) -> None:
    state = with_arrays(array(name, Health.DEGRADED))
    assert [each.name for each in state.arrays] == [said]
    assert parse(line(state)) == state


HOUR = 3600 * 2  # sectors that take an hour at one KiB per second


@pytest.mark.parametrize(
    ("health", "progress", "said"),
    [
        (Health.RESHAPING, Progress(42 * HOUR, 100 * HOUR, 20, "", "reshape"), "reshape:7:8:42:3h"),
        (Health.RECOVERING, Progress(0, 100 * HOUR, 1, "", "recovery"), "recovery:7:8:0:4d"),
        (Health.DEGRADED, Progress(99 * HOUR, 100 * HOUR, 1, "", "recovery"), "degraded:7:8:99:60min"),
        (Health.CHECKING, Progress(HOUR, 3 * HOUR, 1 << 20, "", "repair"), "check:7:8:33:1min"),
        (Health.RESYNCING, Progress(HOUR, 3 * HOUR, None, "", "resync"), "resync:7:8:33:-"),
        (Health.RESYNCING, Progress(HOUR, 3 * HOUR, 1, "delayed", "resync"), "resyncing:7:8"),
        (Health.RESHAPING, Progress(0, 0, None, "interrupted", "reshape"), "reshaping:7:8"),
        (Health.RESHAPING, Progress(0, 9**19, 1, "", "reshape"), "reshape:7:8:0:9999d"),
        (Health.FAILED, Progress(9, 3, 1, "", "reshape"), "failed:7:8:100:1min"),
    ],
)
def test_how_far_an_array_is(health: Health, progress: Progress, said: str) -> None:
    moving = replace(array("md0", health), progress=progress)
    state = with_arrays(moving)
    assert line(state) == f"1 {WRITTEN} none none - md0:{said}"
    assert parse(line(state)) == state


def test_not_known() -> None:
    assert line(not_known(NOW + 0.9)) == f"1 {WRITTEN} unknown unknown - -"
