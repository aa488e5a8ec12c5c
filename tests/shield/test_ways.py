"""More than a hundred ways to destroy a data directory, each for real: none gets through a shield."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pytest

from tests.faults.operator import NAMESPACES
from tests.postgres.lab import every_version
from tests.shield.conftest import in_a_private_namespace
from tests.shield.ways import PROBES, WAYS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not NAMESPACES, reason="needs root, and mount namespaces")]
LEAST = 60


@pytest.fixture(scope="module")
def outcome() -> dict[str, Any]:
    if not every_version():
        pytest.skip("no PostgreSQL server programs on this machine")
    if not os.path.exists("/dev/loop-control"):
        pytest.skip("no loop devices")
    ran = in_a_private_namespace(sys.executable, "-m", "tests.shield.destruction", seconds=300)
    assert ran.returncode == 0, ran.stderr[-2000:]
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def test_enough_of_them_destroy_a_copy_outside(outcome: dict[str, Any]) -> None:
    assert sum(outcome["destroyed"].values()) >= LEAST
    # A tool that this machine does not have destroys nothing; on ours there is each.
    if os.environ.get("CI_EVERY_TOOL"):
        assert [way for way, did in outcome["destroyed"].items() if not did] == []


def test_none_of_them_reaches_the_primary(outcome: dict[str, Any]) -> None:
    assert {way: found for way, found in outcome["held"].items() if found} == {}
    assert outcome["held"].keys() == {*WAYS, *PROBES}


def test_the_primary_goes_on_committing(outcome: dict[str, Any]) -> None:
    assert outcome["rows"] > 0
    assert outcome["log"] == []
