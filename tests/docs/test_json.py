"""docs/json.md, field by field, against what is really printed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from guardsh.audit import trail
from guardsh.cli import doctor as cli_doctor
from guardsh.model.boot import Assembly, Boot, Job, Obstacle
from guardsh.model.event import Outcome
from guardsh.model.intent import Effect, Extent
from guardsh.model.observed import Known
from guardsh.model.place import Identity
from guardsh.model.salvage import Copy, Rank, Source, State
from guardsh.model.stack import Kind, Loss
from guardsh.observe import node as observation
from guardsh.operations import doctor
from guardsh.operations.salvage import report
from guardsh.operations.salvage.accident import Accident
from guardsh.operations.salvage.evidence import Evidence, Follower
from guardsh.operations.salvage.hold import Held
from guardsh.operations.salvage.inventory import Inventory
from guardsh.operations.salvage.scene import Scene
from guardsh.remedies.insured import Report
from guardsh.screen.facts import SCHEMA, facts
from guardsh.system.apart import Deadline
from guardsh.system.ha_managers import Manager
from guardsh.system.suspension import Member
from tests.docs.pages import ROOT, blocks
from tests.docs.shapes import SHAPES, Reader
from tests.examples.conftest import FRONT_DOOR, Node
from tests.storage.trees import unpack


def printed(node: Node, *words: str) -> Any:
    return json.loads(node.run_as("db-02", FRONT_DOOR, *words).stdout)


def audit_lines(node: Node) -> list[Any]:
    """Of a notice and a refusal; one command, as each has a /var/log of its own."""
    node.lay_out_restore()
    line = f"{FRONT_DOOR} run -- rm -rf restore/base; {FRONT_DOOR} run -- rm -rf primary; {FRONT_DOOR} log --json"
    said = node.run_as("db-02", "sh", "-c", line).stdout
    return [json.loads(each) for each in said.splitlines() if each.startswith("{")]


def moved_aside(node: Node) -> Any:
    """The list, after something was moved; as one command, as audit_lines."""
    node.lay_out_restore()
    line = f"{FRONT_DOOR} clear restore >/dev/null; {FRONT_DOOR} moved --json; {FRONT_DOOR} undo >/dev/null"
    return json.loads(node.run_as("db-02", "sh", "-c", line).stdout)


def outputs(node: Node, directory: Path) -> Iterator[tuple[Any, str]]:
    """Real output of every kind, with the section that describes it."""
    stage = node.stage
    stage.primary.sql("select pg_create_physical_replication_slot('db_03')")
    os.rename(f"{stage.restore}/pg_xact", directory / "pg_xact")
    os.symlink(directory / "pg_xact", f"{stage.restore}/pg_xact")
    os.makedirs(f"{stage.directory}/kept/wal_005")
    yield printed(node, "status", "--json"), "status"
    for line in (
        "rm -rf kept",
        "rm -rf build",
        "rm -rf primary/pg_wal",
        "rm -rf restore",
        f"wal-g backup-fetch {stage.primary.directory} LATEST",
        "wal-g delete everything --confirm",
        "pg_ctl stop -D replica",
        "reboot",
    ):
        yield printed(node, "check", "--json", "--", *line.split()), "check"
    for event in audit_lines(node):
        yield event, "audit line"
    for state in ("recovering", "reshaping-degraded"):
        root = unpack(state, directory / state)
        seen = observation.of((), observation.look_at_arrays(Deadline(10.0), root), Deadline(10.0))
        yield facts(seen), "node"
    yield cli_doctor.facts(doctor.condition()), "doctor"
    there = (Assembly("md0", (Obstacle("the superblock is not there", "mdadm --examine /dev/sda"),)),)
    yield facts(Boot(there, Known((Job(7, "pg_rewind"),), "/proc"), Known(("/mnt",), "/etc/fstab"))), "boot"
    yield report.facts(salvaged()), "salvage"
    yield asdict(Report("/d", "heal", 1, None, 2, 2, 0, "", 1.5)), "insurance"
    yield facts(Loss(False, "This destroys data.")), "loss"
    yield moved_aside(node), "moved"


def salvaged() -> report.Outcome:
    """A made one: a real accident is tests/salvage's."""
    source = Source("data/x", "/d/x", "", True, Rank.REST, Identity(1, 2), 3, 4, 5, 0o600, 6, 7)
    manager = Manager(Member(8, 9), "Patroni")
    held = Held(Accident("/d", "/d", None, ()), (manager,), (), (), frozenset())
    seen = Evidence(Known("primary", "walwriter is running"), "15", 1, (Follower("u", "[local]", "0/1"),), ())
    scene = Scene(held, ("gone",), Inventory([source]), seen, "/dest")
    return report.Outcome("db-01", 1.0, scene, (Copy(source, State.LOST, detail="why"),))


def test_real_output_is_as_documented(node: Node, tmp_path: Path) -> None:
    reader = Reader()
    misfits = [misfit for value, name in outputs(node, tmp_path) for misfit in reader.misfits(value, name)]
    assert not misfits, "\n".join(misfits)
    described = {name for name, fields in SHAPES.items() if fields}
    assert described - reader.met == set()


def test_every_word_is_documented() -> None:
    words = {(name, field): kind for name, fields in SHAPES.items() for field, kind in fields.items()}
    for place, enum in {
        ("intent", "effect"): Effect,
        ("target", "extent"): Extent,
        ("audit line", "outcome"): Outcome,
        ("finding of doctor", "outcome"): doctor.Outcome,
        ("layer", "kind"): Kind,
        ("copy", "state"): State,
    }.items():
        assert words[place] == f"one of: {', '.join(each.value for each in enum)}"


def test_the_schema_numbers_are_documented() -> None:
    text = (ROOT / "docs" / "json.md").read_text()
    assert set(map(int, re.findall(r"\| `schema` \| integer \| (\d+) \|", text))) == {SCHEMA, trail.SCHEMA}


@pytest.mark.parametrize("line", blocks((ROOT / "docs" / "json.md").read_text(), "json")[0].splitlines())
def test_the_examples_are_observed(line: str) -> None:
    assert list(Reader().misfits(json.loads(line), "observed text")) == []
