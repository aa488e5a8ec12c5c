"""What a command would do, to what: the result of reading a command, before anything is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from guardsh.model.observed import Observed


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
    ``rm -rf link`` removes the link). ``brings``: only what this directory or archive holds would arrive below the
    path (``cp -r``, ``tar -x``); without it, anything may.
    """

    path: str
    extent: Extent
    follow: bool = False
    brings: str = ""


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

    ``parameters`` are libpq's (host, port, dbname, user …) as the command line gives them; ``dbname`` may be a
    connection string. Those not given are the environment's, or libpq's defaults.
    """

    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal on its way to processes: those of ``pids``, and those whose numbers one of ``listings`` prints (words of
    a command that only looks, such as ``pgrep -u postgres``). ``name`` is without SIG."""

    name: str
    pids: tuple[int, ...] = ()
    listings: tuple[tuple[str, ...], ...] = ()


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


@dataclass(frozen=True, slots=True)
class TextOf:
    """What a file holds that the command reads its own commands from: answered before it is understood again."""

    path: str


Question: TypeAlias = ToolVersion | Setting | Emptiness | TextOf


@dataclass(frozen=True, slots=True)
class Invocation:
    """One simple command: its words after any prefixes, as the program itself will get them."""

    words: tuple[str, ...]
    cwd: str
    environment: dict[str, str] = field(hash=False)
    prefixes: tuple[str, ...] = ()  # the words before: sudo -u postgres, time
    input: str | None = None  # the text that is known to arrive on standard input: <<E, <<<, echo … |
    input_file: str = ""  # the file that standard input is redirected from: < FILE
    below: tuple[str, ...] = ()  # operands that stand for anything below them: find DIR -exec rm {} +
    texts: Mapping[TextOf, Observed[str]] = field(default_factory=dict, hash=False)  # of files asked for before

    @property
    def name(self) -> str:
        """The guarded name: the last component of the program; empty where there are no words."""
        return self.words[0].rpartition("/")[2] if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.words[1:]


@dataclass(frozen=True, slots=True)
class Intent:
    """One effect on some targets. ``action`` says it as in "rm -rf would delete …": ``rm -rf would delete``.

    ``doubts`` are sentences about what the grammar was not sure of (an unknown option or verb); any doubt means that
    the intent is the worst reading. ``notes`` are sentences the operator must see wherever it touches anything that
    counts; ``remarks`` are such about the command itself, seen wherever it touches anything at all.
    """

    effect: Effect
    targets: tuple[Target | Configured, ...]
    action: str
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    connection: Connection | None = None  # of SQL: it touches the instance that answers there
    signal: Signal | None = None  # of STOP: it touches the instances whose servers it would end
    remarks: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        return not self.doubts
