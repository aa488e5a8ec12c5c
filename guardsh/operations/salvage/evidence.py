"""What can still be known of an instance that stands still: its role, its identity, and which replica lives."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from guardsh.model.instance import Instance, Role, Server
from guardsh.model.observed import Known, Observed, Unknown, value_of
from guardsh.model.salvage import Rank, Source
from guardsh.observe import control_file, node
from guardsh.operations.salvage.accident import Accident
from guardsh.system.apart import Deadline

# START_REPLICATION is the title of one that has sent nothing yet since it caught up.
_STREAMING = re.compile(r"walsender (\S+) (\S+?)(?:\(-?\d+\))? (?:streaming ([0-9A-F]+/[0-9A-F]+)|START_REPLICATION)")
_PRIMARY = ("walwriter", "autovacuum launcher", "logical replication launcher")
_LONG_HEADER = struct.Struct("=HHIQI4xQ")  # magic, flags, timeline, address, remaining; system identifier
_LONG = 0x0002  # XLP_LONG_HEADER, src/include/access/xlog_internal.h, in the first page of every segment
_PACKAGED = re.compile(r"/(?:postgresql/|pgsql-)(\d+(?:\.\d+)?)/bin/")
_LOOK = 2.0  # seconds for the other instances of the node


@dataclass(frozen=True, slots=True)
class Follower:
    """A walsender's title: a standby, or pg_receivewal, that was streaming when the server was stopped."""

    user: str
    address: str  # "[local]" through a socket of this node
    sent: str  # the last position that was sent; "" where the title does not tell


@dataclass(frozen=True, slots=True)
class Evidence:
    role: Observed[str]
    version: str  # "" where not known
    system_identifier: int | None
    followers: tuple[Follower, ...]
    relatives: tuple[Instance, ...]  # of the same system identifier, on this node, alive

    @property
    def replicas(self) -> tuple[Instance, ...]:
        return tuple(each for each in self.relatives if value_of(each.role, None) is not Role.PRIMARY)


def gather(accident: Accident, sources: Sequence[Source]) -> Evidence:
    """From process titles, WAL headers and the other instances of this node; nobody is asked who stands still."""
    identifier = system_identifier(accident, sources)
    return Evidence(
        role=role_of(accident.server),
        version=_version(accident),
        system_identifier=identifier,
        followers=_followers(accident.server),
        relatives=_relatives(accident, identifier),
    )


def system_identifier(accident: Accident, sources: Sequence[Source]) -> int | None:
    """From pg_control where it is left, or else from the header of a WAL segment."""
    try:
        with open(f"{accident.door}/global/pg_control", "rb") as file:
            return control_file.parse(file.read()).system_identifier
    except (OSError, ValueError):
        found = (_in_segment(source.door) for source in sources if source.rank is Rank.WAL)
        return next((each for each in found if each is not None), None)


def _in_segment(door: str) -> int | None:
    try:
        with open(door, "rb") as file:
            head = file.read(_LONG_HEADER.size)
        _, flags, _, _, _, identifier = _LONG_HEADER.unpack(head)
    except (OSError, struct.error):
        return None
    return identifier if flags & _LONG and identifier else None


def role_of(server: Server | None) -> Observed[str]:
    """From the titles of its children, which stay as they were."""
    if server is None:
        return Unknown("its postmaster is gone")
    for title in server.titles:
        if title in _PRIMARY:
            return Known("primary", f"{title} is running")
        if title.startswith("walreceiver"):
            return Known("replica", f"{title} is running")
    return Unknown(f"the children of process {server.pid} do not tell")


def _version(accident: Accident) -> str:
    try:
        with open(f"{accident.door}/PG_VERSION", encoding="ascii", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        found = _PACKAGED.search((accident.server and accident.server.executable) or "")
        return found[1] if found else ""


def _followers(server: Server | None) -> tuple[Follower, ...]:
    found = (_STREAMING.fullmatch(title) for title in (server.titles if server else ()))
    return tuple(Follower(match[1], match[2], match[3] or "") for match in found if match)


def _relatives(accident: Accident, identifier: int | None) -> tuple[Instance, ...]:
    if identifier is None:
        return ()
    own = accident.server.pid if accident.server else 0
    seen = node.look((), (), Deadline(_LOOK)).instances
    return tuple(
        each for each in seen if each.server and each.server.pid != own and each.system_identifier == identifier
    )
