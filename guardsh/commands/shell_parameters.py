"""Expansions that are exact before a line runs, beyond plain variables: ${x:-y}, ${x%.gz}, ${x##*/}, $(pwd)."""

from __future__ import annotations

import re
from fnmatch import translate

from guardsh.commands.shell_state import Shell, Values

_PARAMETER = re.compile(r"\$\{([A-Za-z_]\w*)(:?[-+?=]|%%?|##?)([^'\"\\$`{}()]*)\}")
_HERE = ("$(pwd)", "`pwd`")


def values(source: str, shell: Shell, place: str | None) -> Values:
    """All that the expansion may be; None where that is not known.

    Of ``${x:?}`` and ``${x?}`` only the value counts: without one the line does not run.
    """
    if source in _HERE:
        return None if place is None else (place,)
    found = _PARAMETER.fullmatch(source)
    known = shell.values(found[1]) if found else None
    if found is None or known is None:
        return None
    operator, word = found[2], found[3]
    if operator[0] in "%#":
        return tuple(dict.fromkeys(_trimmed(value, operator, word) for value in known))
    replaced = tuple(dict.fromkeys(_chosen(value, operator[-1], word) for value in known))
    return replaced if ":" in operator or "" not in known else None  # whether an empty one is set is not known


def _chosen(value: str, operator: str, word: str) -> str:
    if operator == "+":
        return word if value else ""
    return value if value or operator == "?" else word


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """Without the part at its end (%) or its beginning (#) that matches; doubled, the longest such part."""
    match = re.compile(translate(pattern.replace("[^", "[!"))).fullmatch
    ends = operator[0] == "%"
    parts = [(value[cut:], value[:cut]) if ends else (value[:cut], value[cut:]) for cut in range(len(value) + 1)]
    matching = [(len(part), rest) for part, rest in parts if match(part)]
    if not matching:
        return value
    return max(matching)[1] if len(operator) == 2 else min(matching)[1]
