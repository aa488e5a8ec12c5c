"""The documents, taken apart: sections, tables, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")])

Table = list[dict[str, str]]

_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")


def sections(text: str) -> dict[str, str]:
    """Each heading's text, by the heading."""
    _, *parts = _HEADING.split(text)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def tables(text: str) -> Table:
    """The rows of every table, by their column's name; links and code marks are taken off."""
    rows: Table = []
    columns: list[str] = []
    for line in text.splitlines():
        cells = [_plain(cell) for cell in line.strip().strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            columns = []
        elif not columns:
            columns = cells
        elif not set(line) <= set("|- "):
            rows.append(dict(zip(columns, cells, strict=True)))
    return rows


def blocks(text: str, language: str) -> list[str]:
    """Fenced blocks in one language."""
    return [block for name, block in _FENCE.findall(text) if name == language]


def code(text: str) -> Iterator[str]:
    """Every line of code, fenced, indented or within a sentence."""
    for _, block in _FENCE.findall(text):
        yield from block.splitlines()
    rest = _FENCE.sub("", text)
    for block in _INDENTED.findall(rest):
        yield from (line.strip() for line in block.splitlines())
    yield from _INLINE.findall(_INDENTED.sub("", rest))


def links(text: str) -> list[str]:
    return [target for _, target in _LINK.findall(_FENCE.sub("", text))]


def anchors(text: str) -> set[str]:
    """What GitHub makes of the headings."""
    return {re.sub(r"[^\w\- ]", "", _plain(name).lower()).replace(" ", "-") for name in _HEADING.findall(text)}


def _plain(cell: str) -> str:
    return _LINK.sub(r"\1", cell).replace("`", "").strip(" |")
