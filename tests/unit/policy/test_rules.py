"""Rules about wal-g's own look at its target, which depends on its configuration; examples in docstrings."""

from __future__ import annotations

import doctest
from dataclasses import replace
from types import ModuleType

import pytest

from guardsh.model.intent import Emptiness, Question, Setting
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.policy import node_state, strictness, versions
from guardsh.policy.assess import assess
from guardsh.policy.change import what_changed
from guardsh.policy.config import builtin
from guardsh.policy.rules import role_change
from tests.decisions import described

LOOKS_FIRST, RESOLVES_FIRST = Emptiness("main", resolve=False), Emptiness("main")
REVERSE = Setting("WALG_USE_REVERSE_UNPACK", ("/root/.walg.json",))


@pytest.mark.parametrize(
    ("setting", "codes"),
    [
        (Known("true", "/root/.walg.json"), ["taken-for-empty"]),
        (Known("false", "/root/.walg.json"), ["refuses-itself"]),
        (Known("", "no configuration file"), ["refuses-itself"]),
        (Unknown("could not read /root/.walg.json: permission denied"), ["taken-for-empty"]),
    ],
)
def test_a_link_to_a_full_directory(setting: Observed[str], codes: list[str]) -> None:
    """Unpacking in reverse order, wal-g looks before it resolves the link, and finds it empty."""
    found = described.findings({"on": "stopped primary", "effect": "overwrite"})
    answers: dict[Question, Observed[str]] = {
        RESOLVES_FIRST: Known("not empty", "24 entries in main"),
        REVERSE: setting,
        LOOKS_FIRST: Known("empty", "main is a link, which this check does not follow"),
    }
    intents = tuple(replace(intent, questions=tuple(answers)) for intent in found.intents)
    verdict = assess(replace(found, intents=intents, answers=answers), described.caller({}), builtin())
    assert [reason.code for reason in verdict.reasons] == ["stopped-primary", *codes]


def test_what_is_not_known_is_one_sentence_with_all_its_sources() -> None:
    found = described.findings({"on": "running primary", "touches": "nothing", "unseen": ["no a", "no b"]})
    (reason,) = assess(found, described.caller({}), builtin()).reasons
    assert reason.sources == ("no a", "no b")


def test_a_backup_made_during_the_question_voids_the_answer() -> None:
    before = described.findings({"on": "running primary", "touches": "nothing", "backup": "archived WAL"})
    verdict = assess(before, described.caller({}), builtin())
    assert what_changed(before, before, verdict, verdict) == ""
    assert what_changed(before, replace(before, backups=()), verdict, verdict).startswith("the backups ")


@pytest.mark.parametrize("module", [strictness, versions, role_change, node_state])
def test_examples_in_docstrings(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted and not result.failed
