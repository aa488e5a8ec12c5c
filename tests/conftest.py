"""Real PostgreSQL for every test that asks for it: fresh servers, or a pair shared by those that only look."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from guardsh.operations.binaries import Binaries
from guardsh.operations.lab import Lab
from tests.postgres.lab import Pair, every_version, pair

_VERSIONS = every_version()
os.environ["GUARDSH_WATCH"] = "off"  # no shell of a test starts a watcher that outlives it


def pytest_report_header() -> str:
    return f"PostgreSQL: {', '.join(_VERSIONS) or 'none'}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why a test was tried again: a second run that passes must not hide what was wrong in the first."""
    for report in terminalreporter.stats.get("rerun", []):
        crash = getattr(report.longrepr, "reprcrash", None)
        why = f"{crash.path}:{crash.lineno}: {crash.message}" if crash else str(report.longrepr)
        shown = why if len(why) < 1600 else f"{why[:400]} … {why[-1200:]}"
        terminalreporter.write_line(f"tried again: {report.nodeid} ({report.when}): {shown}")


@contextmanager
def _lab(binaries: Binaries) -> Iterator[Lab]:
    # A socket's path has at most 107 bytes (unix(7)), and pytest's own directories are long and private.
    directory = tempfile.mkdtemp(prefix="guardsh-")
    os.chmod(directory, 0o755)
    try:
        with Lab(directory, binaries) as lab:
            yield lab
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="session", params=[*_VERSIONS] or ["none"])
def version(request: pytest.FixtureRequest) -> str:
    """Each major version of PostgreSQL on this machine."""
    if request.param not in _VERSIONS:
        pytest.skip("no PostgreSQL server programs on this machine")
    return str(request.param)


@pytest.fixture
def every_lab(version: str) -> Iterator[Lab]:
    """An empty lab, once for each version of PostgreSQL."""
    with _lab(_VERSIONS[version]) as lab:
        yield lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """An empty lab of the version that guardsh itself would choose."""
    if not _VERSIONS:
        pytest.skip("no PostgreSQL server programs on this machine")
    with _lab(next(iter(_VERSIONS.values()))) as made:
        yield made


@pytest.fixture(scope="session")
def every_pair(version: str) -> Iterator[Pair]:
    """A running primary and replica, once for each version; only to be looked at."""
    with _lab(_VERSIONS[version]) as lab:
        yield pair(lab)
