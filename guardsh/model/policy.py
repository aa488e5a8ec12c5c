"""The configuration as values: what is decided for which effect on what, and how guardsh looks and asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum

from guardsh.model.intent import Effect
from guardsh.model.verdict import Decision


class Standing(Enum):
    """The columns of the verdict table (docs/verdicts.md): what a touched thing is to the cluster, gravest first."""

    ONLY_COPY = "only-copy"  # LIVE without a standby
    LIVE = "live"  # a running primary, recovering copy, or not known
    STOPPED_PRIMARY = "stopped-primary"
    LIVE_REPLICA = "live-replica"
    STOPPED_OTHER = "stopped-other"  # a stopped replica, a restored or an incomplete directory
    ABORTED = "aborted"
    NOTHING = "nothing"  # empty, other, disposable


class Precaution(Enum):
    """Whether snapshots and copies are made before a command that destroys; the strictest last."""

    OFF = "off"
    TRY = "try"  # where one fails, that is said, and the command runs
    REQUIRE = "require"  # where one fails that could have been made, the command does not run


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one instance by SQL, where the discovered socket and the directory's owner are not enough."""

    directory: str
    conninfo: str


@dataclass(frozen=True, slots=True)
class ForbiddenVersion:
    """A version of a tool that must not run: ``versions`` such as ``<3.0.5``, and why."""

    tool: str
    versions: str
    reason: str


class MoveAside(IntEnum):
    """When a confirmed ``rm -r`` of a data directory moves it aside instead: a larger one keeps more."""

    NEVER = 0
    ASKED = 1  # where a person has answered the question
    ALWAYS = 2  # with --confirm, too


@dataclass(frozen=True, slots=True)
class Policy:
    """Built from defaults.toml, /etc/guardsh/config.toml, conf.d and the operator's own file (stricter only)."""

    verdicts: Mapping[Effect, Mapping[Standing, Decision]]
    unattended: Mapping[Effect, Decision]  # what a challenge becomes where nobody can be asked
    scratch: tuple[str, ...]  # places whose stopped instances are nobody's
    data_directories: tuple[str, ...]  # where else to look
    connections: tuple[Connection, ...]
    forbidden: tuple[ForbiddenVersion, ...]
    deadline: float  # seconds for all looks outside together
    patience: float  # seconds a challenge waits for its answer
    paint: bool
    audit_file: str
    move_aside: MoveAside
    snapshots: Precaution
    snapshot_deadline: float  # seconds that they may take, all together
    sources: tuple[str, ...] = ()  # files that were read
