"""A watcher without a service manager: detached from the shell that started it, one for each account."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from guardsh.system import proc
from guardsh.watch import place, state_file

_LOOK_EVERY = 60.0  # seconds


def detach() -> bool:
    """True in a process of its own session, with nothing of the caller's but its environment; False in the caller."""
    if os.fork():
        os.wait()
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    return True


def needed(path: str) -> bool:
    """Whether the node has no watcher of root's that keeps its state for everybody."""
    return path == place.NODE or state_file.read(place.NODE, time.time()) is None


def until_nobody_is_here(clock: Callable[[], float] = time.monotonic) -> Callable[[], bool]:
    """Tells when this account has no process at a terminal any more, looking once a minute."""
    due = clock() + _LOOK_EVERY

    def abandoned() -> bool:
        nonlocal due
        if clock() < due:
            return False
        due = clock() + _LOOK_EVERY
        return not any(
            each.terminal and proc.owner(f"/proc/{each.pid}") == os.geteuid() for each in proc.processes("/proc")
        )

    return abandoned
