"""The policy in force, written as the configuration file that would make it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from guardsh.model.policy import Policy
from guardsh.policy.config import key


def show(policy: Policy) -> str:
    """TOML text that parses back to the same policy; its sources are comments."""
    return "\n".join(_lines(policy)) + "\n"


def _lines(policy: Policy) -> Iterator[str]:
    yield from (f"# from {_quoted(source)}" for source in policy.sources)
    for effect, row in policy.verdicts.items():
        yield f"\n[verdicts.{key(effect)}]"
        yield from (f'{standing.value} = "{decision.name.lower()}"' for standing, decision in row.items())
    yield "\n[unattended]"
    yield from (f'{key(effect)} = "{decision.name.lower()}"' for effect, decision in policy.unattended.items())
    yield from ("\n[node]", f"scratch = {_list(policy.scratch)}")
    yield f"data_directories = {_list(policy.data_directories)}"
    yield from ("\n[observe]", f"deadline = {policy.deadline}")
    yield from ("\n[challenge]", f"patience = {policy.patience}", f"paint = {'true' if policy.paint else 'false'}")
    yield from ("\n[snapshots]", f'before = "{policy.snapshots.value}"', f"deadline = {policy.snapshot_deadline}")
    yield from ("\n[audit]", f"file = {_quoted(policy.audit_file)}")
    yield from ("\n[undo]", f'move_aside = "{policy.move_aside.name.lower()}"')
    for connection in policy.connections:
        yield "\n[[instance]]"
        yield f"directory = {_quoted(connection.directory)}"
        yield f"conninfo = {_quoted(connection.conninfo)}"
    for forbidden in policy.forbidden:
        yield f"\n[[tools.{_quoted(forbidden.tool)}.forbid]]"
        yield f"versions = {_quoted(forbidden.versions)}"
        yield f"reason = {_quoted(forbidden.reason)}"


def _list(values: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, values))}]"


def _quoted(value: str) -> str:
    # A JSON string is a basic string of TOML but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
