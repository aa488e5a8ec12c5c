"""The demo's node with an operator on it, once for all tests that leave it as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guardsh.operations.stage import Stage
from tests.faults.operator import Operator, staged


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


@pytest.fixture
def operator(stage: Stage, tmp_path: Path) -> Operator:
    """Somebody whose commands leave the servers as they are."""
    return Operator(stage, tmp_path)


@pytest.fixture
def breaker(tmp_path: Path) -> Iterator[Operator]:
    """Somebody on a node of their own, who may break it."""
    with staged() as made:
        yield Operator(made, tmp_path)
