"""The data directory that a PostgreSQL program works on: from an option, an operand, or the environment."""

from __future__ import annotations

from dataclasses import dataclass

from guardsh.commands.grammar import CommandLine
from guardsh.model.intent import ANY_INSTANCE, Extent, Invocation, Target


@dataclass(frozen=True, slots=True)
class Directory:
    """``targets`` is empty where none is named, and the program itself refuses."""

    targets: tuple[Target, ...]
    doubts: tuple[str, ...]


def directory(
    line: CommandLine,
    invocation: Invocation,
    given: str | None,
    *,
    variable: str = "",
    extent: Extent = Extent.INSTANCE,
) -> Directory:
    """``given`` on the command line, or by the environment's ``variable``, where the program looks at one.

    Any instance, where that is not known: another account's environment is not, and an option that is not understood
    may have named it. Then every operand may be such an option's value, too.
    """
    path = invocation.environment.get(variable) if given is None else given
    if path is None:
        return _unknown(line, invocation, variable)
    possible = line.operands if line.doubts else ()
    paths = dict.fromkeys((path, *possible))
    return Directory(tuple(Target(each or ".", extent, follow=True) for each in paths), line.doubts)


def _unknown(line: CommandLine, invocation: Invocation, variable: str) -> Directory:
    elsewhere = bool(variable and invocation.prefixes)
    if not line.doubts and not elsewhere:
        return Directory((), ())
    after = f" after {invocation.prefixes[0]}" if elsewhere else ""
    doubt = f"no data directory is named{f', and {variable} is not known{after}' if variable else ''}"
    return Directory((ANY_INSTANCE,), (*line.doubts, doubt))
