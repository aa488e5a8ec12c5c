"""One line of the audit trail. Accept and reject are sudo's words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Outcome(Enum):
    ACCEPT = "accept"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Event:
    """``operator`` has login uid, uid, sudo user, tty, ssh origin; every value is JSON."""

    when: float
    outcome: Outcome
    operator: dict[str, Any]
    host: str
    cwd: str
    argv: tuple[str, ...]  # as typed, secrets redacted
    intent: tuple[str, ...]  # effects and targets
    verdict: dict[str, Any] | None  # None where it was decided before, and this is what was done
    answer: str  # typed, "--confirm …", "" where nothing was asked
    detail: str  # what happened: "ran", "interrupted", "terminal closed", "role changed: …"
    override: str = ""  # the reason given with --override
