"""One real cluster per version of PostgreSQL, made once, copied for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit import clusters

_BINARIES: list[clusters.Binaries | None] = [*clusters.binaries()]


@pytest.fixture(scope="session", params=_BINARIES or [None], ids=lambda each: f"pg{each.version}" if each else "none")
def postgres(request: pytest.FixtureRequest) -> clusters.Binaries:
    if request.param is None:
        pytest.skip("no PostgreSQL server programs on this machine")
    found: clusters.Binaries = request.param
    return found


@pytest.fixture(scope="session")
def made(postgres: clusters.Binaries, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster that nobody may change; its files belong to the unprivileged account."""
    return clusters.make(postgres, tmp_path_factory.mktemp(f"pg{postgres.version}"))


@pytest.fixture
def fresh(made: Path, tmp_path: Path) -> Path:
    """A cluster that was made and never started, the test's own to take apart."""
    clusters.open_the_way(tmp_path)
    return clusters.copy(made, tmp_path / "data")
