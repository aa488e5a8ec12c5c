"""The nouns as JSON: what `--json` prints and the audit trail keeps (docs/json.md)."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum, IntEnum
from typing import Any

from guardsh.model.observed import Known, Unknown

SCHEMA = 1


def facts(value: Any) -> Any:
    """A value of the model as JSON. ``Known`` is ``{"value", "source"}``, ``Unknown`` is ``{"unknown"}``.

    >>> facts(Known(3, "a witness")), facts(Unknown("no answer in 1.0 s"))
    ({'value': 3, 'source': 'a witness'}, {'unknown': 'no answer in 1.0 s'})
    """
    if isinstance(value, Known):
        return {"value": facts(value.value), "source": value.source}
    if isinstance(value, Unknown):
        return {"unknown": value.why}
    if isinstance(value, IntEnum):
        return value.name.lower().replace("_", " ")
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: facts(getattr(value, field.name)) for field in fields(value)}
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):  # the answers, by question
        return [
            {"question": {"kind": type(question).__name__, **facts(question)}, "answer": facts(answer)}
            for question, answer in value.items()
        ]
    if isinstance(value, tuple | list):
        return [facts(each) for each in value]
    if isinstance(value, frozenset | set):
        return sorted(facts(each) for each in value)
    return value
