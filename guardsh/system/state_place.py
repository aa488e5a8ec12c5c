"""Where the state file lies, and what keeps it: the node's, or where nothing keeps that, the account's own."""

from __future__ import annotations

import os
from collections.abc import Mapping

NODE = "/run/guardsh/state"
UNIT = "guardsh-watch.service"
ENABLED = f"/etc/systemd/system/multi-user.target.wants/{UNIT}"
INSURANCE = "guardsh-insure.service"
INSURANCE_ENABLED = f"/etc/systemd/system/multi-user.target.wants/{INSURANCE}"


def to_write(environment: Mapping[str, str], uid: int) -> str:
    """The file that a watcher of this account keeps."""
    return environment.get("GUARDSH_STATE") or (NODE if uid == 0 else _own(environment))


def to_read(environment: Mapping[str, str]) -> str:
    """The file that a prompt reads, as the shells choose it: the node's where it exists, and of root, who keeps it."""
    given = environment.get("GUARDSH_STATE")
    return given or (NODE if os.geteuid() == 0 or os.path.lexists(NODE) else _own(environment))


def has_service() -> bool:
    """Whether systemd runs here (sd_booted(3)) and keeps the node's."""
    return os.path.isdir("/run/systemd/system") and os.path.lexists(ENABLED)


def _own(environment: Mapping[str, str]) -> str:
    runtime = environment.get("XDG_RUNTIME_DIR") or os.path.expanduser("~/.cache")
    return os.path.join(runtime, "guardsh", "state")
