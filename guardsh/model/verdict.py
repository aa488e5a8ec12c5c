"""What guardsh says to a command, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Decision(IntEnum):
    """Ordered: a larger one is stricter."""

    ALLOW = 0
    NOTICE = 1
    CHALLENGE = 2
    REFUSE = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """``code`` is stable and documented (docs/verdicts.md); ``sentence`` is for people; ``sources`` say how we know."""

    code: str
    sentence: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What the verdict is about, for the headline and the phrase: the gravest thing touched."""

    word: str  # typed after the host name: primary, replica, recovering, unknown, restored, incomplete, aborted …
    title: str  # "PostgreSQL 14 · /mnt/data/postgresql-14 · 51.2 TB · up 3 h"
    only_copy: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """``summary`` says what would happen, ``reasons`` why it was decided so, ``evidence`` the labelled figures
    (label, value, source), ``hints`` what to do. ``unattended`` is set where nobody could be asked and that decided."""

    decision: Decision
    host: str
    subject: Subject | None
    summary: str
    reasons: tuple[Reason, ...]
    evidence: tuple[tuple[str, str, str], ...] = ()
    hints: tuple[str, ...] = ()
    unattended: bool = False

    @property
    def phrase(self) -> str:
        """What the operator must type: ``db-01 primary``; for an override ``db-01 primary only copy``."""
        assert self.subject is not None
        return f"{self.host} {self.subject.word}" + (" only copy" if self.subject.only_copy else "")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The challenge was answered rightly; ``answer`` as typed."""

    answer: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The challenge was not answered, or wrongly; ``why`` such as ``interrupted``, ``pasted, not typed``."""

    answer: str
    why: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. ``attended``: there is a terminal, and the caller is in its foreground process group."""

    attended: bool
    why: str  # "no terminal", "in the background of /dev/pts/3", …
    uid: int = 0
