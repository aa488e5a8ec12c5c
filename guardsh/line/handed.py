"""What a shell hands over with a line: what its variables, aliases and functions are at this moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Handed:
    """``variables`` are those that the line names; None where one has no single text. ``functions`` are the guarded
    names that are functions of guardsh's in that shell."""

    line: str
    variables: dict[str, str | None]
    aliases: dict[str, str]
    functions: frozenset[str]


def parse(data: bytes) -> Handed:
    """Records that end in a zero byte: the line; then ``v NAME=value``, ``v NAME`` (a value that is no one text),
    ``a NAME=value``, ``f NAME``. What is none of these is passed over. Raises ValueError
    where the line does not end: it may be half of one."""
    if not data.endswith(b"\0"):
        raise ValueError("the line was not handed over to its end")
    line, *records = data.decode(errors="surrogateescape").split("\0")
    handed = Handed(line, {}, {}, frozenset(record[2:] for record in records if record.startswith("f ")))
    for record in records:
        name, equals, value = record[2:].partition("=")
        if record.startswith("v "):
            handed.variables[name] = value if equals else None
        elif record.startswith("a ") and equals:
            handed.aliases[name] = value
    return handed
