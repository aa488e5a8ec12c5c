"""Every block of tests/decisions/reading.toml: this line means this effect on these targets."""

from __future__ import annotations

import os
import shlex
import tomllib

import pytest

from guardsh import commands
from guardsh.commands.prefixes import peel
from guardsh.model.intent import Configured, Target
from tests.decisions.described import Block

with open(os.path.join(os.path.dirname(__file__), "reading.toml"), "rb") as _file:
    READINGS: list[Block] = tomllib.load(_file)["reading"]


@pytest.mark.parametrize("block", READINGS, ids=[block["line"] for block in READINGS])
def test_reading(block: Block) -> None:
    invocation = peel(tuple(shlex.split(block["line"])), "/mnt/data", block.get("environment", {}))
    intents = commands.understand(invocation)
    if "nothing" in block:
        assert not intents
        return
    effects = block["effect"] if isinstance(block["effect"], list) else [block["effect"]]
    assert [intent.effect.value for intent in intents] == effects
    for intent in intents:
        assert [reach(target) for target in intent.targets] == block.get("reaches", [])
        assert bool(intent.doubts) is block.get("doubtful", False)


def reach(target: Target | Configured) -> str:
    assert isinstance(target, Target)
    return f"{target.extent.value} {target.path}{', followed' if target.follow else ''}"
