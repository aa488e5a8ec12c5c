"""Redirections that write: the shell itself opens the file, before the command starts (POSIX.1 2.7; bash, zsh, fish)."""

from __future__ import annotations

from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

_VERBS = {">": "overwrite", ">|": "overwrite", "&>": "overwrite", ">>": "append to", "&>>": "append to", "<>": "open"}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """The words are the operator and the file. To append corrupts a relation, too; ``<>`` opens for writing."""
    operator, *paths = invocation.words
    targets = tuple(Target(path, Extent.ENTRY, follow=True) for path in paths if path)
    if not targets:
        return ()
    return (Intent(Effect.OVERWRITE, targets, f"{operator} would {_VERBS[operator]}"),)
