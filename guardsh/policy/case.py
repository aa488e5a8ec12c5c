"""What one verdict is made from: a touched instance, a target that could not be seen, or the whole node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from guardsh.model.backup import Backup
from guardsh.model.data_directory import Contents
from guardsh.model.finding import Findings, Part, Touch
from guardsh.model.instance import Instance, Replication
from guardsh.model.intent import Effect, Intent, ToolVersion
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.policy import Policy, Standing
from guardsh.model.verdict import Caller, Decision
from guardsh.policy.standing import ANY, is_scratch, is_spared, standings

T = TypeVar("T")

DESTROYING = frozenset({Effect.DELETE, Effect.OVERWRITE, Effect.REWIND, Effect.DISMANTLE})
NODE_WIDE = frozenset({Effect.EXPIRE, Effect.REBOOT})
GRAVEST_FIRST = ("primary", "unknown", "recovering", "replica")


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One command and all that its verdict may stand on."""

    findings: Findings
    caller: Caller
    policy: Policy

    @property
    def doomed(self) -> tuple[Instance, ...]:
        """The running instances that the command destroys: as standbys of each other they do not count."""
        destroyed = dict.fromkeys(
            touch.instance for touch in self.findings.every_touch if touch.effect in DESTROYING and not is_spared(touch)
        )
        return tuple(instance for instance in destroyed if instance.live)

    def cases(self) -> Iterator[Case]:
        """Everything there is to decide; nothing where the command touches nothing."""
        doomed = self.doomed
        for index, intent in enumerate(self.findings.intents):
            for sentence in self.findings.unseen[index]:
                yield Case(self, intent, None, ANY, unseen=sentence)
            for backup in self.findings.backups[index : index + 1]:
                yield from (Case(self, intent, None, ANY, backup=each) for each in backup)
            touches = self._touches(index, intent)
            for touch in touches:
                yield Case(self, intent, touch, self._standings(touch, doomed), doomed)
            if not touches and (intent.effect in NODE_WIDE or _asks_for_version(intent)):
                yield Case(self, intent, None, (Standing.NOTHING,))

    def _touches(self, index: int, intent: Intent) -> tuple[Touch, ...]:
        if intent.effect not in NODE_WIDE:
            return self.findings.touches[index]
        return tuple(
            Touch(instance, intent.effect, Part.ALL, (), 0, (instance.directory.place,))
            for instance in self.findings.node.instances
        )

    def _standings(self, touch: Touch, doomed: tuple[Instance, ...]) -> tuple[Standing, ...]:
        if is_scratch(touch.instance, self.caller, self.policy.scratch):
            return (Standing.NOTHING,)
        return standings(touch, doomed)


@dataclass(frozen=True, slots=True)
class Case:
    """One touch of one intent; ``touch`` is None where a target could not be seen (``unseen``), where it would take
    a ``backup`` along, or where the effect is on the whole node and the node carries no instance. ``standings`` as in
    standing.py."""

    inquiry: Inquiry
    intent: Intent
    touch: Touch | None
    standings: tuple[Standing, ...]
    doomed: tuple[Instance, ...] = ()
    unseen: str = ""
    backup: Backup | None = None

    @property
    def effect(self) -> Effect:
        return self.touch.effect if self.touch else self.intent.effect

    @property
    def standing(self) -> Standing:
        return self.standings[0]

    @property
    def instance(self) -> Instance | None:
        return self.touch.instance if self.touch else None

    @property
    def word(self) -> str:
        """What is typed after the host name: the role of a cluster, what the directory is instead, or none."""
        if self.backup is not None:
            return "backup"
        if self.instance is None:
            return "none" if self.effect is Effect.REBOOT and not self.unseen else "unknown"
        return word(self.instance)

    @property
    def rank(self) -> int:
        """How grave the role is, 0 the gravest."""
        return GRAVEST_FIRST.index(self.word) if self.word in GRAVEST_FIRST else len(GRAVEST_FIRST)

    @property
    def decision(self) -> Decision:
        """What the verdict table says: the strictest of the columns it may stand in."""
        row = self.inquiry.policy.verdicts[self.effect]
        return max(row[standing] for standing in self.standings)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule has to say of a case: a sentence ("" where the summary says it), how we know, at least which
    decision, and what to do."""

    sentence: str
    sources: tuple[str, ...] = ()
    least: Decision = Decision.ALLOW
    hint: str = ""


def word(instance: Instance) -> str:
    contents = instance.directory.contents
    if not instance.live and isinstance(contents, Known) and contents.value is not Contents.CLUSTER:
        return str(contents.value.value)
    return instance.role.value.value if isinstance(instance.role, Known) else "unknown"


def replication(instance: Instance, part: Callable[[Replication], Observed[T]]) -> Observed[T]:
    """One part of what SQL says of an instance, or why there is none."""
    whole = instance.replication
    return whole if isinstance(whole, Unknown) else part(whole.value)


def _asks_for_version(intent: Intent) -> bool:
    return any(isinstance(question, ToolVersion) for question in intent.questions)
