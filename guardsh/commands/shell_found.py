"""What the reading of a typed line comes to."""

from __future__ import annotations

from dataclasses import dataclass

from guardsh.commands import COMMANDS, REDIRECTIONS
from guardsh.model.intent import Invocation


@dataclass(frozen=True, slots=True)
class Found:
    """A guarded command of the line. ``typed`` are all its words, prefixes included; ``doubts`` are sentences about
    operands that are not known before it runs; ``note`` is one about how it was read."""

    invocation: Invocation
    typed: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    note: str = ""

    @property
    def by_name(self) -> bool:
        """Whether the shell itself looks the command up, so that a function of that name would be called."""
        return not self.invocation.prefixes and self.invocation.words[0] in COMMANDS and not self.is_redirection

    @property
    def is_redirection(self) -> bool:
        return self.invocation.words[0] in REDIRECTIONS


@dataclass(frozen=True, slots=True)
class Reading:
    """``unjudged`` says why nothing certain can be said of the line, or is empty; ``elsewhere`` are sentences about
    what would run on other hosts."""

    found: tuple[Found, ...]
    unjudged: str = ""
    elsewhere: tuple[str, ...] = ()
