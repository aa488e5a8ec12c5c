"""Where cp, mv, ln and install put what they are given: -t, -T, or the last operand (coreutils, "Target directory").

Whether the last operand is a directory is not looked at here: both readings are given, and a file over a directory is
none to observation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardsh.commands.grammar import CommandLine

OPTIONS = (
    "--backup[=CONTROL]",
    "-b",
    "-f, --force",
    "-i, --interactive",
    "-n, --no-clobber",
    "--strip-trailing-slashes",
    "-S, --suffix=SUFFIX",
    "-t, --target-directory=DIRECTORY",
    "-T, --no-target-directory",
    "-v, --verbose",
    "--help",
    "--version",
)
NAMELESS = ("", ".", "..")


@dataclass(frozen=True, slots=True)
class Arrival:
    """``source`` becomes ``place``. ``merges``: a directory that is there already gets the source's entries."""

    source: str
    place: str
    merges: bool


def arrivals(line: CommandLine) -> Iterator[Arrival]:
    """Every place that a source may become. With an option that is not understood, any operand may be the last."""
    into = line.value("--target-directory")
    if into is not None:
        yield from (_inside(source, into) for source in line.operands)
        if not line.doubts:
            return
    for last in range(len(line.operands) - 1, 0, -1):
        sources, destination = line.operands[:last], line.operands[last]
        if last == 1:
            yield Arrival(sources[0], destination, line.given("--no-target-directory"))
        if not line.given("--no-target-directory"):
            yield from (_inside(source, destination) for source in sources)
        if not line.doubts:
            return


def sources(line: CommandLine) -> tuple[str, ...]:
    """The operands that are read or moved."""
    return line.operands if line.doubts or line.given("--target-directory") else line.operands[:-1]


def _inside(source: str, directory: str) -> Arrival:
    """``cp -r SOURCE/. DIRECTORY`` copies into the directory itself (src/cp.c, do_copy)."""
    name = source.rstrip("/").rpartition("/")[2]
    if name in NAMELESS:
        return Arrival(source, directory, True)
    return Arrival(source, f"{directory.rstrip('/')}/{name}" if directory.strip("/") else f"/{name}", True)
