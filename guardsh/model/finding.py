"""What an intent touches: the meeting of a command and the node as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from itertools import chain

from guardsh.model.backup import Backup
from guardsh.model.instance import Instance
from guardsh.model.intent import Effect, Intent, Question
from guardsh.model.node import Node
from guardsh.model.observed import Observed
from guardsh.model.place import Place
from guardsh.model.stack import Loss


class Part(Enum):
    """Which files of an instance are touched, gravest first."""

    ALL = "the data directory"
    DATA = "part of the data"
    WAL = "write-ahead log"
    TRANSACTIONS = "transaction status"
    TABLESPACE = "a tablespace"
    LINK = "a link through which its paths run"
    SIGNAL = "a signal file"
    CONFIGURATION = "configuration"
    FOREIGN = "a foreign file"
    DISPOSABLE = "disposable files"


@dataclass(frozen=True, slots=True)
class Touch:
    """One instance (or data directory without one) that an intent reaches.

    ``effect`` is the intent's, unless the part makes it another: deleting postgresql.conf is *configure*, deleting
    standby.signal is *signal file*. ``operands`` are at most three of the ``count`` operands that reach it, as typed;
    ``places`` are all that must still be the same when the command runs.
    """

    instance: Instance
    effect: Effect
    part: Part
    operands: tuple[str, ...]
    count: int
    places: tuple[Place, ...]
    how: str = ""  # such as "link/ leads to /mnt/data/postgresql-14", "member 3 of md0, under /mnt/data"
    loss: Loss | None = None  # where redundancy decides what is lost


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything a verdict stands on. ``unseen`` are sentences about targets that could not be looked at or searched
    to the end: each counts as a primary. ``touches``, ``unseen`` and ``backups`` belong to ``intents`` by index."""

    node: Node
    intents: tuple[Intent, ...]
    touches: tuple[tuple[Touch, ...], ...]
    unseen: tuple[tuple[str, ...], ...]
    answers: dict[Question, Observed[str]] = field(default_factory=dict, hash=False)
    backups: tuple[tuple[Backup, ...], ...] = ()  # none at all, or of each intent

    @property
    def every_touch(self) -> tuple[Touch, ...]:
        """Whatever intent they belong to."""
        return tuple(chain.from_iterable(self.touches))
