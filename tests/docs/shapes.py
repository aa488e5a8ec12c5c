"""The tables of docs/json.md, read as a schema that values can be held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.docs.pages import ROOT, sections, tables

_TEXT = (ROOT / "docs" / "json.md").read_text()
SHAPES = {name: {row["field"]: row["type"] for row in tables(text)} for name, text in sections(_TEXT).items()}

_SCALARS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "true or false": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
}


class Reader:
    """Holds values against shapes; ``met`` are the shapes for which there was a value."""

    def __init__(self) -> None:
        self.met: set[str] = set()

    def misfits(self, value: Any, kind: str, place: str = "$") -> Iterator[str]:
        """What is not as documented, each with where it stands."""
        for prefix, read in (
            ("null or ", self._null),
            ("observed ", self._observed),
            ("list of ", self._list),
            ("one of: ", self._word),
        ):
            if kind.startswith(prefix):
                return read(value, kind.removeprefix(prefix), place)
        if kind in _SCALARS:
            return iter(() if _SCALARS[kind](value) else (f"{place}: {value!r} is no {kind}",))
        return self._shape(value, kind, place)

    def _null(self, value: Any, kind: str, place: str) -> Iterator[str]:
        if value is not None:
            yield from self.misfits(value, kind, place)

    def _observed(self, value: Any, kind: str, place: str) -> Iterator[str]:
        if not isinstance(value, dict) or set(value) not in ({"value", "source"}, {"unknown"}):
            yield f"{place}: {value!r} is not observed"
        elif "value" in value:
            yield from self.misfits(value["value"], kind, place)

    def _list(self, value: Any, kind: str, place: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{place}: {value!r} is no list"
            return
        for each in value:
            yield from self.misfits(each, kind, f"{place}[]")

    def _word(self, value: Any, words: str, place: str) -> Iterator[str]:
        if value not in words.split(", "):
            yield f"{place}: {value!r} is not among {words}"

    def _shape(self, value: Any, name: str, place: str) -> Iterator[str]:
        self.met.add(name)
        fields = SHAPES[name]
        if not isinstance(value, dict) or set(value) != set(fields):
            yield f"{place}: the fields of {name} differ: {sorted(set(value) ^ set(fields))}"
            return
        for field, kind in fields.items():
            yield from self.misfits(value[field], kind, f"{place}.{field}")
