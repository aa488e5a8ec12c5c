"""Versions of a tool, and conditions on them such as ``>=3,<3.0.5``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TypeAlias

Version: TypeAlias = tuple[int, ...]

_LENGTH = 6
_VERSION = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,4})([-~+]?[a-z][\w.+~-]*|[-~+][\w.+~-]*)?", re.ASCII)
_CONDITION = re.compile(r"\s*(<=|>=|==|<|>)\s*(\S+)\s*")
_COMPARISONS: dict[str, Callable[[Version, Version], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


def version(printed: str) -> Version | None:
    """What ``TOOL --version`` printed, as a value to compare; None where it names none (``devel``).

    The word after ``version`` counts (wal-g, cmd/pg/pg.go: ``wal-g version v0.2.13  271f64f  2019.10.15  PostgreSQL``),
    else the first that looks like one. What has a suffix (``v2.0.2-rc1``) comes just before its release.

    >>> version("wal-g version v3.0.7\\t9b2f\\t2025.05.01_10:00:00\\tPostgreSQL") == version("3.0.7")
    True
    >>> version("v2.0.2-rc1") < version("v2.0.2"), version("wal-g version devel 1234567 2019.10.15 PostgreSQL")
    (True, None)
    """
    words = printed.split()
    if "version" in words[:-1]:
        words = [words[words.index("version") + 1]]
    for word in words:
        match = _VERSION.fullmatch(word)
        if match and (word.startswith("v") or "." in word):
            return _comparable(match)
    return None


def satisfies(candidate: Version, condition: str) -> bool:
    """Whether a version meets every part of a condition.

    >>> [satisfies(version(v), ">=3, <3.0.5") for v in ("v2.9", "v3.0", "v3.0.4", "v3.0.5-rc1", "v3.0.5")]
    [False, True, True, True, False]
    """
    return all(compare(candidate, bound) for compare, bound in map(_part, condition.split(",")))


def check(condition: str) -> None:
    """Raise ValueError where a condition cannot be read."""
    for part in condition.split(","):
        _part(part)


def _part(part: str) -> tuple[Callable[[Version, Version], bool], Version]:
    match = _CONDITION.fullmatch(part)
    bound = _VERSION.fullmatch(match[2]) if match else None
    if not match or not bound:
        raise ValueError(f'"{part.strip()}" is not a condition on a version, such as <3.0.5 or >=3,<3.0.5')
    return _COMPARISONS[match[1]], _comparable(bound)


def _comparable(match: re.Match[str]) -> Version:
    numbers = [int(number) for number in match[1].split(".")]
    return (*numbers, *[0] * (_LENGTH - len(numbers)), -1 if match[2] else 0)
