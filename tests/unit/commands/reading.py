"""A command line read and written down again in short words, for tables that a DBA can review."""

from __future__ import annotations

import shlex

from guardsh.commands import understand
from guardsh.model.intent import Configured, Intent, Invocation, Target


def intents(line: str, cwd: str = "/root", prefixes: str = "", **environment: str) -> tuple[Intent, ...]:
    words, before = tuple(shlex.split(line)), tuple(shlex.split(prefixes))
    return understand(Invocation(words, cwd, environment, before))


def reading(line: str, cwd: str = "/root", prefixes: str = "", **environment: str) -> str:
    """Such as ``delete tree /a, tree /b/ -> ? unknown option -x``: ``->`` follows links, ``?`` begins a doubt."""
    return "; ".join(map(_spoken, intents(line, cwd, prefixes, **environment))) or "nothing"


def _spoken(intent: Intent) -> str:
    targets = ", ".join(map(_target, intent.targets))
    doubts = "".join(f" ? {doubt}" for doubt in intent.doubts)
    return f"{intent.effect.value} {targets}".rstrip() + doubts


def _target(target: Target | Configured) -> str:
    if isinstance(target, Configured):
        return f"{target.extent.value} {target.names[0]} of [{' '.join(target.sections)}] in {' '.join(target.files)}"
    return f"{target.extent.value} {target.path}{' ->' if target.follow else ''}"
