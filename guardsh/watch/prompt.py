"""The segment for prompts that other programs draw: read, check, print. Light: it runs at every prompt."""

from __future__ import annotations

import os
import time

from guardsh.model.node_state import NodeState
from guardsh.screen.plain import safe
from guardsh.screen.segment import FORMATS
from guardsh.system import state_place
from guardsh.watch import state_file

__all__ = ["FORMATS", "segment"]


def segment(style: str) -> str:
    """What to print in this style (a key of ``FORMATS``); a state that cannot be believed is shown as unknown."""
    now = time.time()
    state = state_file.read(state_place.to_read(os.environ), now)
    state = state or NodeState(int(now), "unknown", "unknown")
    return FORMATS[style](safe(os.uname().nodename.partition(".")[0]), state, os.environ.get("GUARDSH_SHIELD") == "1")
