"""cp and install (coreutils 9, src/cp.c and src/install.c): the files that they would write; sources are only read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from guardsh.commands import destination
from guardsh.commands.destination import Arrival
from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.commands.written import onto, written
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare(
    *destination.OPTIONS,
    *("-a, --archive", "--attributes-only", "--copy-contents", "-d", "--debug", "-H", "--keep-directory-symlink"),
    *("-l, --link", "-L, --dereference", "-P, --no-dereference", "-p", "--preserve[=LIST]", "--no-preserve=LIST"),
    *("--parents", "-R, -r, --recursive", "--reflink[=WHEN]", "--remove-destination", "--sparse=WHEN"),
    *("-s, --symbolic-link", "-u", "--update[=WHEN]", "-x, --one-file-system", "-Z", "--context[=CTX]"),
)
INSTALL = declare(
    *(option for option in destination.OPTIONS if option not in ("-f, --force", "-i, --interactive")),
    *("-c", "-C, --compare", "-d, --directory", "-D", "-g, --group=GROUP", "-m, --mode=MODE", "-o, --owner=OWNER"),
    *("-p, --preserve-timestamps", "-s, --strip", "--strip-program=PROGRAM", "--preserve-context", "-Z"),
    *("--context[=CTX]", "--debug"),
)

# With these a link at the destination may be replaced instead of written through.
_REPLACING = (
    "--remove-destination",
    "--backup",
    "-b",
    "--link",
    "--symbolic-link",
    "--no-dereference",
    "-d",
    "--force",
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite each place that a source would become; a new entry in a data directory counts, too."""
    install = invocation.name == "install"
    permute = "POSIXLY_CORRECT" not in invocation.environment
    line = read(INSTALL if install else GRAMMAR, invocation.arguments, permute=permute)
    if line.given("--help", "--version"):
        return ()
    if install and line.given("--directory"):
        return _made(line)
    if install:
        places = (arrival.place for arrival in destination.arrivals(line))
        return written(places, invocation, "install would write to", line.doubts, follow=False)
    spoken = f"cp {'-r ' if _recursive(line) else ''}would write to"
    return onto(dict.fromkeys(_targets(line)), invocation, spoken, line.doubts)


def _made(line: CommandLine) -> tuple[Intent, ...]:
    """``install -d`` also sets the mode of a directory that is there."""
    targets = tuple(Target(path, Extent.ENTRY, follow=True) for path in line.operands if path)
    doubts, action = line.doubts, "install -d would set owner and permissions of"
    return (Intent(Effect.CONFIGURE, targets, action, doubts),) if targets else ()


def _recursive(line: CommandLine) -> bool:
    return line.given("--recursive", "--archive") or bool(line.doubts)


def _targets(line: CommandLine) -> Iterator[Target]:
    given = destination.arrivals(line)
    for arrival in map(_with_parents, given) if line.given("--parents") else given:
        if not arrival.place:
            continue
        if _recursive(line) and arrival.merges:
            yield Target(arrival.place, Extent.TREE, follow=True, brings=arrival.source)
        else:
            replaces = _recursive(line) or line.given(*_REPLACING)
            yield Target(arrival.place, Extent.ENTRY, follow=True, brings=arrival.source if replaces else "")


def _with_parents(arrival: Arrival) -> Arrival:
    """``cp --parents a/b DIRECTORY`` makes DIRECTORY/a/b, and takes no other last operand."""
    name = arrival.source.rstrip("/").rpartition("/")[2]
    if not arrival.merges:
        return arrival
    directory = arrival.place if name in destination.NAMELESS else arrival.place.removesuffix(name).rstrip("/")
    return replace(arrival, place=f"{directory}/{arrival.source.strip('/')}")
