"""The captured md trees beside this file, unpacked where a test may change them."""

from __future__ import annotations

import subprocess
from pathlib import Path

STATES = Path(__file__).parent / "md-states"
_STACKS = Path(__file__).parent / "stacks"


def unpack(state: str, root: Path) -> str:
    """Unpack ``md-states/STATE.tar.gz`` below ``root``, dangling links and all; gives the root to read it under."""
    return _unpack(STATES / f"{state}.tar.gz", root)


def unpack_stack(state: str, root: Path) -> str:
    """The same of ``stacks/``: captures with all that lies above and below the array."""
    return _unpack(_STACKS / f"{state}.tar.gz", root)


def _unpack(archive: Path, root: Path) -> str:
    root.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-xzf", archive, "-C", root], check=True)
    return str(root)
