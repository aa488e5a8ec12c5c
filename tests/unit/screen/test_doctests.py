"""The examples in the docstrings."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from guardsh.model import figures
from guardsh.screen import escape, host_name, paint, palette, plain


@pytest.mark.parametrize("module", [figures, escape, host_name, paint, palette, plain])
def test_examples_hold(module: ModuleType) -> None:
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0
