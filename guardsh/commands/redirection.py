"""Redirections that write: the shell itself opens the file, before the command starts (POSIX.1 2.7)."""

from __future__ import annotations

from guardsh.commands.written import written
from guardsh.model.intent import Intent, Invocation

_VERBS = {">": "overwrite", ">|": "overwrite", "&>": "overwrite", ">>": "append to", "&>>": "append to", "<>": "open"}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """The words are the operator and the file. To append corrupts a relation, too; ``<>`` opens for writing."""
    operator, *paths = invocation.words
    return written(paths, invocation, f"{operator} would {_VERBS[operator]}")
