"""The colours of the roles: which one, and in which of two sets, for eyes and themes of every kind.

They maximise the smallest difference (ΔE2000) between any two of them under normal, protan, deutan and tritan sight,
at a contrast of at least 4.5 to one with the common greys of text on a dark or a light background.
"""

from __future__ import annotations

from typing import NamedTuple


class Tint(NamedTuple):
    """One role's background, on dark and on light themes."""

    dark: str
    light: str


PRIMARY = Tint("#480e0e", "#f3b1a4")
REPLICA = Tint("#08359d", "#b4d0fb")
RESTORING = Tint("#4a3b01", "#f5df4f")
UNKNOWN = Tint("#3b3b3e", "#c7c7c7")

READABLE_ON_DARK = "#d0d0d0"

_TINTS = {
    "primary": PRIMARY,
    "replica": REPLICA,
    "recovering": RESTORING,
    "restored": RESTORING,
    "incomplete": RESTORING,
    "aborted": RESTORING,
}


def tint(word: str) -> Tint:
    """The tint of the word that is typed for a role; everything else is painted as not known."""
    return _TINTS.get(word, UNKNOWN)


def is_light(colour: str) -> bool:
    """Whether black text is easier to read on ``#rrggbb`` than white: relative luminance as in WCAG 2, where both
    have the same contrast at 0.179.

    >>> [is_light(colour) for colour in ("#ffffff", "#fdf6e3", "#000000", "#282c34", "#002b36")]
    [True, True, False, False, False]
    """
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179


def _linear(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)
