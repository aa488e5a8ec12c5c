"""Every block of tests/decisions/*.toml: this node, this command, this caller; therefore this verdict."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator

import pytest

from guardsh.model.policy import Policy
from guardsh.model.verdict import Verdict
from guardsh.policy.assess import assess
from guardsh.policy.config import builtin, parse
from tests.decisions import described
from tests.decisions.described import Block

HERE = os.path.dirname(__file__)


def blocks() -> Iterator[tuple[str, Block]]:
    for name in sorted(os.listdir(HERE)):
        if name.endswith(".toml") and name != "reading.toml":
            with open(os.path.join(HERE, name), "rb") as file:
                for block in tomllib.load(file)["decision"]:
                    yield f"{name[:-5]}: {block['what']}", block


CASES = dict(blocks())


def policy_of(block: Block) -> Policy:
    return parse(block.get("policy", ""), "policy", builtin())


def verdict_on(block: Block) -> Verdict:
    override = block.get("asked", "").endswith("--override")
    return assess(described.findings(block), described.caller(block), policy_of(block), override=override)


@pytest.mark.parametrize("block", CASES.values(), ids=list(CASES))
def test_decision(block: Block) -> None:
    verdict = verdict_on(block)
    assert verdict.decision.name.lower() == block["verdict"]
    assert [reason.code for reason in verdict.reasons] == block["because"]
    if "typed" in block:
        assert verdict.phrase == block["typed"]
    if "says" in block:
        assert verdict.summary == block["says"]
    for words in block.get("tells", []):
        assert any(words in text for text in told(verdict)), told(verdict)


def test_blocks_have_only_keys_that_mean_something() -> None:
    known = {
        *("what", "host", "on", "effect", "part", "entries", "operands", "becomes", "touches", "unseen", "action"),
        *("asked", "policy", "verdict", "because", "typed", "says", "tells", "standbys", "archive", "idle_slots"),
        *(
            "clients",
            "array",
            "warnings",
            "doubts",
            "notes",
            "remarks",
            "files",
            "primary_conninfo",
            "restore_command",
            "wal-g",
        ),
        *("looks", "owner", "archived", "directory", "backup"),
    }
    for name, block in CASES.items():
        assert block.keys() <= known, name


def told(verdict: Verdict) -> list[str]:
    """Everything the operator reads beside the summary."""
    sentences = [reason.sentence for reason in verdict.reasons]
    return [*sentences, *(" | ".join(row) for row in verdict.evidence), *verdict.hints, *titles(verdict)]


def titles(verdict: Verdict) -> list[str]:
    return [verdict.subject.title] if verdict.subject else []
