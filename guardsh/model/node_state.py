"""The node in one line: what the watcher keeps, and what a prompt reads with builtins of its shell.

``1 EPOCH ROLE STATE FLAGS ARRAYS``, each field from a fixed list or a whole number, so that a hostile file can carry
neither code nor an escape sequence::

    1 1763846400 primary running only-copy,archiver-failing md0:degraded:7:8
    1 1763846400 none none - -
    1 1763846400 primary running - md0:reshape:6:6:42:3h

Of the name of an array only letters, digits and ``_./-`` are left. An array in which something moves also has how far
that is, in percent, and the time left. Readers that do not know all of it take the line for none of ours, and the node
for unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VERSION = 1
LONGEST = 400  # bytes, without the newline
HEARTBEAT = 5.0  # seconds between two lines when nothing happens
TTL = 15  # seconds after which a reader takes the node for unknown

ROLES = ("primary", "recovering", "replica", "unknown", "none")
STATES = ("running", "starting", "stopped", "crashed", "unknown", "none")
FLAGS = ("only-copy", "archiver-failing", "several", "deletion-healed", "insurance-failing")
HEALTHS = ("checking", "resyncing", "recovering", "reshaping", "degraded", "inactive", "failed")
ACTIONS = ("check", "resync", "recovery", "reshape")  # in place of a health: it moves, and nothing graver is the matter
UNITS = ("min", "h", "d")

LONGEST_NAME = 24
_NAME = rf"[A-Za-z0-9/][A-Za-z0-9_./-]{{0,{LONGEST_NAME - 1}}}"  # vg0/data, tank, /mnt/data
_ARRAY = re.compile(
    rf"(?P<name>{_NAME}):(?P<health>{'|'.join((*HEALTHS, *ACTIONS))})"
    rf":(?P<working>[0-9]{{1,4}}):(?P<expected>[0-9]{{1,4}})"
    rf"(?::(?P<percent>[0-9]{{1,3}}):(?:-|(?P<left>[0-9]{{1,4}})(?P<unit>{'|'.join(UNITS)})))?"
)


@dataclass(frozen=True, slots=True)
class ArrayState:
    """An array that is not clean: ``working`` of ``expected`` members in sync.

    ``percent`` is how far it is where something moves, ``left`` the time left and its unit, where that is known.
    """

    name: str
    health: str
    working: int
    expected: int
    percent: int | None = None
    left: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class NodeState:
    """The gravest instance of the node; ``written`` in seconds since the epoch."""

    written: int
    role: str
    state: str
    flags: tuple[str, ...] = ()
    arrays: tuple[ArrayState, ...] = ()


def line(state: NodeState) -> str:
    """The state as its one line, without the newline. ValueError where a field is not from its list."""
    arrays = ",".join(map(_words, state.arrays))
    text = f"{VERSION} {state.written} {state.role} {state.state} {','.join(state.flags) or '-'} {arrays or '-'}"
    if parse(text) != state:
        raise ValueError(f"not a state of a node: {text!r}")
    return text


def parse(text: str) -> NodeState | None:
    """The state that a line says; None where it is not exactly one."""
    fields = text.split(" ")
    if len(text) > LONGEST or len(fields) != 6 or fields[0] != str(VERSION):
        return None
    _, written, role, state, flags, arrays = fields
    if not re.fullmatch(r"[0-9]{1,11}", written) or role not in ROLES or state not in STATES:
        return None
    named = () if flags == "-" else tuple(flags.split(","))
    found = () if arrays == "-" else tuple(map(_ARRAY.fullmatch, arrays.split(",")))
    if not set(named) <= set(FLAGS) or not all(found):
        return None
    return NodeState(int(written), role, state, named, tuple(_array(each) for each in found if each))


def _words(array: ArrayState) -> str:
    members = f"{array.name}:{array.health}:{array.working}:{array.expected}"
    if array.percent is None:
        return members
    return f"{members}:{array.percent}:{'-' if array.left is None else f'{array.left[0]}{array.left[1]}'}"


def _array(found: re.Match[str]) -> ArrayState:
    return ArrayState(
        found["name"],
        found["health"],
        int(found["working"]),
        int(found["expected"]),
        int(found["percent"]) if found["percent"] else None,
        (int(found["left"]), found["unit"]) if found["left"] else None,
    )
