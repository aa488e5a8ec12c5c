"""Lines of a report: a headline with a badge, wrapped sentences, labelled rows in columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from guardsh.model.wording import Row
from guardsh.screen.plain import safe
from guardsh.screen.style import Style

_NARROW = 60  # columns below which a title or a source gets lines of its own
_BADGE = 12  # columns
_LABEL = (11, 20)  # least and most columns
_VALUE = (13, 26)


def headline(host: str, word: str, title: str, width: int, style: Style) -> list[str]:
    """``db-01  PRIMARY     PostgreSQL 14 · /mnt/data · 51.2 TB``, the title beside or below the badge."""
    name, badge = safe(host), safe(word).upper()
    begin = f"  {style.strong(name)}  {style.badge(badge)}"
    if width < _NARROW:
        return [begin, *paragraph(title, width)]
    gap = max(_BADGE - len(badge), 2)
    return beside(begin + " " * gap, 4 + len(name) + len(badge) + gap, title, width)


def table(rows: Iterable[Row], width: int) -> list[str]:
    """Labels, values and their sources in three columns; on a narrow terminal the source below."""
    cells = [(safe(label), safe(value), safe(source)) for label, value, source in rows]
    label_width = _column([label for label, _, _ in cells], *_LABEL)
    value_width = _column([value for _, value, _ in cells], *_VALUE)
    lines: list[str] = []
    for label, value, source in cells:
        lines += _row(f"    {label:<{label_width}}", value, value_width, source, width)
    return lines


def paragraph(text: str, width: int, indent: int = 2) -> list[str]:
    """Sentences, wrapped and indented."""
    return [" " * indent + line for line in wrapped(text, width - indent)]


def beside(begin: str, column: int, text: str, width: int) -> list[str]:
    """``text`` after ``begin``, which takes ``column`` columns on the screen, and its further lines below itself."""
    first, *others = wrapped(text, width - column) or [""]
    return [(begin + first).rstrip(), *(" " * column + line for line in others)]


def wrapped(text: str, width: int) -> list[str]:
    """Outside text made safe, in lines of at most ``width`` columns (not less than 20); paths stay whole where they
    can."""
    return textwrap.wrap(safe(text), max(20, width), break_on_hyphens=False)


def _row(begin: str, value: str, value_width: int, source: str, width: int) -> list[str]:
    if width < _NARROW or len(value) + 2 > value_width:
        column = 6 if width < _NARROW else len(begin)
        return [*beside(begin, len(begin), value, width), *paragraph(source, width, column)]
    begin += value.ljust(value_width)
    return beside(begin, len(begin), source, width)


def _column(cells: list[str], least: int, most: int) -> int:
    return min(max([least, *(len(cell) + 2 for cell in cells)]), most)
