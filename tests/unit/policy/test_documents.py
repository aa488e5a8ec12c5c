"""What docs/verdicts.md and docs/configuration.md say is what the defaults and the rules are."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from guardsh.model.intent import Effect
from guardsh.model.policy import Policy, Standing
from guardsh.policy.config import builtin, key, parse
from guardsh.policy.rules import CODES

ROOT = Path(__file__).parents[3]
VERDICTS = (ROOT / "docs" / "verdicts.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
DEFAULTS = tomllib.loads((ROOT / "guardsh" / "policy" / "defaults.toml").read_text())


def rows(document: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its two head lines."""
    section = document.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_the_verdict_table() -> None:
    table = {row[0]: row[1:] for row in rows(VERDICTS, "The verdict table")}
    expected = {
        key(effect): [builtin().verdicts[effect][standing].name.lower() for standing in Standing] for effect in Effect
    }
    assert table == expected


def test_the_unattended_table() -> None:
    assert dict(rows(VERDICTS, "Who is asking")) == DEFAULTS["unattended"]


def test_every_reason_is_documented_in_order() -> None:
    assert [row[0] for row in rows(VERDICTS, "Reasons")] == list(CODES)


def test_defaults_say_every_key_there_is() -> None:
    assert DEFAULTS["verdicts"].keys() == {key(effect) for effect in Effect}
    for row in DEFAULTS["verdicts"].values():
        assert row.keys() == {standing.value for standing in Standing}
    assert DEFAULTS["unattended"].keys() == {key(effect) for effect in Effect}


def test_every_other_key_is_documented_with_its_default() -> None:
    table = {row[0]: row[1] for row in rows(CONFIGURATION, "Everything else")}
    flat = {
        f"{name}.{each}": value
        for name, values in DEFAULTS.items()
        if name not in ("verdicts", "unattended")
        for each, value in values.items()
    }
    assert {name: tomllib.loads(f"x = {text}")["x"] for name, text in table.items()} == flat


def test_effects_and_columns_are_listed() -> None:
    for name in (*map(key, Effect), *(standing.value for standing in Standing)):
        assert f"`{name}`" in CONFIGURATION


def test_every_example_is_a_configuration() -> None:
    examples = re.findall(r"```toml\n(.*?)```", CONFIGURATION, re.DOTALL)
    assert len(examples) >= 5
    for example in examples:
        assert isinstance(parse(example, "example", builtin()), Policy)


def test_examples_in_comments_of_the_defaults_are_configurations() -> None:
    text = (ROOT / "guardsh" / "policy" / "defaults.toml").read_text()
    example = "\n".join(re.findall(r"^#   (\[.*|\w+ = .*)$", text, re.MULTILINE))
    policy = parse(example, "defaults.toml", builtin())
    assert policy.connections and policy.forbidden


def test_each_field_of_a_policy_is_configurable() -> None:
    assert {field.name for field in fields(Policy)} == {
        *("verdicts", "unattended", "scratch", "data_directories", "connections", "forbidden", "deadline"),
        *("patience", "paint", "audit_file", "move_aside", "snapshots", "snapshot_deadline", "sources"),
    }
