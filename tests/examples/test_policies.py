"""Each example policy is valid, weakens nothing, and decides as its comments say, on a real pair."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from guardsh.commands import understand
from guardsh.model.intent import Invocation
from guardsh.model.policy import Policy
from guardsh.model.verdict import Caller, Decision
from guardsh.observe import findings as observation
from guardsh.policy import config
from guardsh.policy.assess import assess
from tests.examples.conftest import EXAMPLES, FRONT_DOOR, Node

POLICIES = sorted((EXAMPLES / "policies").glob("*.toml"))
AT_A_TERMINAL, BY_A_SCRIPT = Caller(True, "a test"), Caller(False, "a test")

# policy, line, who asks, by default, by this policy
DECISIONS = [
    ("standalone", "pg_ctl stop -D {primary}", BY_A_SCRIPT, Decision.NOTICE, Decision.REFUSE),
    ("standalone", "rm -rf {stopped}", AT_A_TERMINAL, Decision.CHALLENGE, Decision.REFUSE),
    ("pair", "pg_ctl promote -D {replica}", BY_A_SCRIPT, Decision.NOTICE, Decision.REFUSE),
    ("pair", "pg_ctl start -D {stopped}", AT_A_TERMINAL, Decision.NOTICE, Decision.CHALLENGE),
    ("patroni", "pg_ctl stop -D {replica}", AT_A_TERMINAL, Decision.NOTICE, Decision.CHALLENGE),
    ("patroni", "pg_ctl start -D {stopped}", BY_A_SCRIPT, Decision.NOTICE, Decision.REFUSE),
]


def of(file: Path) -> Policy:
    return config.parse(file.read_text(), str(file), config.builtin())


def decision(node: Node, policy: Policy, line: str, caller: Caller) -> Decision:
    invocation = Invocation(tuple(line.split()), node.stage.directory, node.environment)
    findings = observation.look(understand(invocation), invocation, policy)
    return assess(findings, caller, policy).decision


@pytest.fixture(scope="session")
def directories(node: Node) -> dict[str, str]:
    stopped = node.lab.add("stopped-primary")
    node.lab.initialise(stopped.directory)
    stage = node.stage
    return {"primary": stage.primary.directory, "replica": stage.replica.directory, "stopped": stopped.directory}


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_it_is_valid_and_weakens_nothing(file: Path) -> None:
    done = subprocess.run([FRONT_DOOR, "config", "check", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["valid", "read: defaults.toml", f"read: {file}"]


@pytest.mark.parametrize(("name", "line", "caller", "default", "expected"), DECISIONS)
def test_it_decides(
    node: Node,
    directories: dict[str, str],
    name: str,
    line: str,
    caller: Caller,
    default: Decision,
    expected: Decision,
) -> None:
    line = line.format(**directories)
    assert decision(node, config.builtin(), line, caller) is default
    assert decision(node, of(EXAMPLES / "policies" / f"{name}.toml"), line, caller) is expected


def test_each_policy_has_a_decision() -> None:
    assert {file.stem for file in POLICIES} == {name for name, *_ in DECISIONS}
