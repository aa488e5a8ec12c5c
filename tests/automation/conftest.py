"""A machine with everything installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.install.machine import NAMESPACES, Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    if not NAMESPACES:
        pytest.skip("needs root, and mount namespaces of its own")
    return Machine(tmp_path / "machine")
