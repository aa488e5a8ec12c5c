"""The captured md trees beside this file, unpacked where a test may change them."""

from __future__ import annotations

import subprocess
from pathlib import Path

STATES = Path(__file__).parent / "md-states"


def unpack(state: str, root: Path) -> str:
    """Unpack ``md-states/STATE.tar.gz`` below ``root``, dangling links and all; gives the root to read it under."""
    root.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-xzf", STATES / f"{state}.tar.gz", "-C", root], check=True)
    return str(root)
