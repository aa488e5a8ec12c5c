"""Real clusters, made once, copied for every test that takes one apart."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit import clusters

_BINARIES = clusters.binaries()
_VERSIONS = [pytest.param(each, id=f"pg{each.version}") for each in _BINARIES] or [pytest.param(None, id="none")]


@pytest.fixture
def open_place() -> Iterator[Path]:
    """As tmp_path, for what another account must reach."""
    with clusters.open_place() as place:
        yield place


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """Made by the newest version at hand, for what does not differ between them. Nobody may change it."""
    if not _BINARIES:
        pytest.skip("no PostgreSQL server programs on this machine")
    with clusters.open_place() as place:
        made = clusters.make(_BINARIES[-1], place)
        for database in ("4", "5"):  # template0 and postgres: the same again, twice
            shutil.rmtree(made / "base" / database)
        yield made


@pytest.fixture
def fresh(cluster: Path, tmp_path: Path) -> Path:
    """A cluster that was made and never started, the test's own to take apart."""
    return clusters.copy(cluster, tmp_path / "data")


@pytest.fixture(scope="session", params=_VERSIONS)
def postgres(request: pytest.FixtureRequest) -> clusters.Binaries:
    if request.param is None:
        pytest.skip("no PostgreSQL server programs on this machine")
    found: clusters.Binaries = request.param
    return found


@pytest.fixture(scope="session")
def made(postgres: clusters.Binaries) -> Iterator[Path]:
    """A cluster of every version. Nobody may change it."""
    with clusters.open_place() as place:
        yield clusters.make(postgres, place)
