"""The examples in the docstrings of what reads stacks."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from guardsh.observe import backups, block, configuration, volumes
from guardsh.system import mount_table


@pytest.mark.parametrize("module", [backups, block, configuration, mount_table, volumes])
def test_examples_hold(module: ModuleType) -> None:
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0
