"""What a command would do, to what: the result of reading a command, before anything is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias


class Effect(Enum):
    READ = "read"
    DELETE = "delete"
    OVERWRITE = "overwrite"
    REWIND = "rewind"
    CONFIGURE = "configure"
    SIGNAL_FILE = "signal file"  # a change of role at the next start
    START = "start"
    STOP = "stop"
    PROMOTE = "promote"
    DISMANTLE = "dismantle"
    REBOOT = "reboot"
    EXPIRE = "expire"
    SQL = "sql"


class Extent(Enum):
    """How far an effect reaches from the path it names."""

    ENTRY = "entry"  # one name: a file, a link; a directory is left alone
    EMPTY = "empty"  # one name, and a directory if it is empty (rm -d, rmdir)
    TREE = "tree"  # everything below, and the name itself
    INSTANCE = "instance"  # the instance whose data directory or configuration directory this is
    DEVICE = "device"  # everything that stands on this block device, array, volume, volume group or pool


@dataclass(frozen=True, slots=True)
class Target:
    """A path as the command names it, relative to the invocation's working directory.

    ``follow``: a symbolic link as the last component is followed (``rm -rf link/`` empties what it points to,
    ``rm -rf link`` removes the link).
    """

    path: str
    extent: Extent
    follow: bool = False


# Of STOP and CONFIGURE: whatever instance runs on this node.
ANY_INSTANCE = Target("/", Extent.TREE)


@dataclass(frozen=True, slots=True)
class Configured:
    """A path that the tool takes from its own configuration: the value of the first of ``names`` that is found in one
    of ``sections`` ("" outside of any), in ``files`` (KEY = VALUE lines; a directory: the ``.conf`` files in it)."""

    files: tuple[str, ...]
    sections: tuple[str, ...]
    names: tuple[str, ...]
    extent: Extent

    @property
    def path(self) -> str:
        """As people say it, for the record."""
        return f"{self.names[0]} of {self.files[0]}"


@dataclass(frozen=True, slots=True)
class Connection:
    """The server that a client's connection settings lead to, which may be on another host.

    ``parameters`` are libpq's (host, port, dbname, user, service …) as far as the command line, its connection string
    and the environment give them; those not given are libpq's defaults.
    """

    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ToolVersion:
    """The version that ``program --version`` prints."""

    program: str
    tool: str  # its name in the configuration: "wal-g"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that a tool would take from its first readable configuration file (JSON or YAML, flat keys)."""

    name: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Emptiness:
    """Whether wal-g will find the directory empty: ``resolve`` False is its check before resolving a link."""

    path: str
    resolve: bool = True


Question: TypeAlias = ToolVersion | Setting | Emptiness


@dataclass(frozen=True, slots=True)
class Invocation:
    """One simple command: its words after any prefixes, as the program itself will get them."""

    words: tuple[str, ...]
    cwd: str
    environment: dict[str, str] = field(hash=False)
    prefixes: tuple[str, ...] = ()  # the words before: sudo -u postgres, time
    input: str | None = None  # the text that is known to arrive on standard input: <<E, <<<, echo … |
    below: tuple[str, ...] = ()  # operands that stand for anything below them: find DIR -exec rm {} +

    @property
    def name(self) -> str:
        """The guarded name: the last component of the program."""
        return self.words[0].rpartition("/")[2]

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.words[1:]


@dataclass(frozen=True, slots=True)
class Intent:
    """One effect on some targets. ``action`` says it as in "rm -rf would delete …": ``rm -rf would delete``.

    ``doubts`` are sentences about what the grammar was not sure of (an unknown option or verb); any doubt means that
    the intent is the worst reading. ``notes`` are sentences the operator must see whatever the verdict.
    """

    effect: Effect
    targets: tuple[Target | Configured, ...]
    action: str
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    connection: Connection | None = None  # of SQL: it touches the instance that answers there

    @property
    def certain(self) -> bool:
        return not self.doubts
