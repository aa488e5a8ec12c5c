"""What was seen, and how; or why it could not be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Known(Generic[T_co]):
    """A value and the sentence that says where it comes from, such as
    ``pg_is_in_recovery() = false on /run/postgresql:5432``."""

    value: T_co
    source: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No value, and the sentence that says why, such as ``no answer in 1.0 s``."""

    why: str


Observed: TypeAlias = Known[T] | Unknown


def value_of(observed: Known[T] | Unknown, default: T) -> T:
    """The observed value, or ``default`` where nothing is known. Never use it where unknown must ask."""
    return observed.value if isinstance(observed, Known) else default


def explain(observed: Known[T] | Unknown) -> str:
    """The source of a known value, or the reason why there is none."""
    return observed.source if isinstance(observed, Known) else observed.why
