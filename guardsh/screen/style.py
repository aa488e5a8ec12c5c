"""Whether words stand out by bold and reversed letters, or by their place alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guardsh.screen import escape


@dataclass(frozen=True, slots=True)
class Style:
    """The sequences around a badge and around a headline's name."""

    badge_begins: str = ""
    strong_begins: str = ""
    ends: str = ""

    def badge(self, text: str) -> str:
        return f"{self.badge_begins}{text}{self.ends}"

    def strong(self, text: str) -> str:
        return f"{self.strong_begins}{text}{self.ends}"


WORDS = Style()
BOLD = Style(escape.BADGE, escape.BOLD, escape.NORMAL)


def style_for(environment: Mapping[str, str]) -> Style:
    """No sequences under NO_COLOR (no-color.org) and on a terminal that calls itself dumb."""
    plain = environment.get("NO_COLOR") or environment.get("TERM", "dumb") in ("", "dumb")
    return WORDS if plain else BOLD
