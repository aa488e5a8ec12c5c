"""Where the state file lies: the node's, or where there is no service, the account's own."""

from __future__ import annotations

import os
from collections.abc import Mapping

NODE = "/run/guardsh/state"


def to_write(environment: Mapping[str, str], uid: int) -> str:
    """The file that a watcher of this account keeps."""
    return environment.get("GUARDSH_STATE") or (NODE if uid == 0 else _own(environment))


def to_read(environment: Mapping[str, str]) -> str:
    """The file that a prompt reads, as the shells choose it: the node's where it exists."""
    given = environment.get("GUARDSH_STATE")
    return given or (NODE if os.path.lexists(NODE) else _own(environment))


def _own(environment: Mapping[str, str]) -> str:
    runtime = environment.get("XDG_RUNTIME_DIR") or os.path.expanduser("~/.cache")
    return os.path.join(runtime, "guardsh", "state")
