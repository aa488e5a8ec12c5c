"""The node in a prompt: its words, and its colours in the notation of the program that shows them.

The words are those of the shells' own prompt (shell-integrations/*/prompt.*).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict

from guardsh.model.node_state import ArrayState, NodeState
from guardsh.screen import palette

_FLAGS = {
    "only-copy": "only copy",
    "archiver-failing": "archiver failing",
    "several": "several instances",
    "deletion-healed": "deletion healed",
    "insurance-failing": "insurance failing",
}


def text(host: str, state: NodeState, shielded: bool = False) -> str:
    """``db-01 PRIMARY only copy, md0 degraded 7/8``, in a shield with ``shielded`` behind it; empty on a node without
    Postgres where nothing is wrong."""
    words = [] if state.role == "none" else [state.role.upper()]
    words += [state.state] if state.state in ("starting", "stopped", "crashed") else []
    wrong = [_FLAGS[flag] for flag in state.flags]
    wrong += map(_array, state.arrays)
    said = " ".join([*words, *([", ".join(wrong)] if wrong else []), *(["shielded"] if shielded else [])])
    return f"{host} {said}" if said else ""


def _array(array: ArrayState) -> str:
    """``md0 degraded 7/8``, ``md0 recovery 7/8 42 % 3 h``; ``md0 reshape 42 % 3 h`` where every member is in sync."""
    words = [array.name, array.health]
    if array.percent is None or array.working != array.expected:
        words.append(f"{array.working}/{array.expected}")
    if array.percent is not None:
        words.append(f"{array.percent} %")
    return " ".join([*words, *map(str, array.left or ())])


def _coloured(host: str, state: NodeState, shielded: bool = False) -> str:
    red, green, blue = (int(palette.tint(state.role).dark[i : i + 2], 16) for i in (1, 3, 5))
    said = text(host, state, shielded)
    return f"\x1b[48;2;{red};{green};{blue};97m {said} \x1b[0m" if said else ""


def _for_zsh(host: str, state: NodeState, shielded: bool = False) -> str:
    said = text(host, state, shielded).replace("%", "%%")
    return f"%K{{{palette.tint(state.role).dark}}}%F{{#ffffff}} {said} %f%k" if said else ""


def _for_tmux(host: str, state: NodeState, shielded: bool = False) -> str:
    said = text(host, state, shielded).replace("#", "##")
    return f"#[bg={palette.tint(state.role).dark},fg=#ffffff] {said} #[default]" if said else ""


def _for_programs(host: str, state: NodeState, shielded: bool = False) -> str:
    said = {"schema": 1, "host": host, "text": text(host, state, shielded), "background": palette.tint(state.role).dark}
    return json.dumps(said | asdict(state))


FORMATS: Mapping[str, Callable[..., str]] = {
    "text": text,
    "starship": _coloured,
    "p10k": _for_zsh,
    "tmux": _for_tmux,
    "json": _for_programs,
}
