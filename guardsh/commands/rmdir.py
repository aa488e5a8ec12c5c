"""rmdir and unlink (coreutils 9): single names that they would remove."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

GRAMMAR = declare("--ignore-fail-on-non-empty", "-p, --parents", "-v, --verbose", "--help", "--version")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Delete every directory that is empty (rmdir), or the one file or link (unlink)."""
    line = read(GRAMMAR, invocation.arguments, permute="POSIXLY_CORRECT" not in invocation.environment)
    paths = [path for operand in line.operands for path in _with_parents(operand, line.given("--parents"))]
    extent = Extent.ENTRY if invocation.name == "unlink" else Extent.EMPTY
    targets = tuple(Target(path, extent) for path in paths if path.strip("/"))
    if line.given("--help", "--version") or not targets:
        return ()
    return (Intent(Effect.DELETE, targets, f"{invocation.name} would remove", line.doubts),)


def _with_parents(path: str, parents: bool) -> Iterator[str]:
    yield path
    while parents and "/" in path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0]
        yield path
