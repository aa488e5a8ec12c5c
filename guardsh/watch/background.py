"""A watcher without a service manager: detached from the shell that started it, one for each account."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from guardsh.system import state_place
from guardsh.watch.registry import Registry

_LOOK_EVERY = 5.0  # seconds
_ALONE = 60.0  # seconds without a shell after which it ends: one that is replaced, or just starting, has its time


def detach() -> bool:
    """True in a process of its own session, with nothing of the caller's but its environment; False in the caller."""
    if os.fork():
        os.wait()
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    os.umask(0o022)  # what it writes is for everybody to read
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    return True


def needed(path: str) -> bool:
    """Whether the prompts of this account read this file, and no service keeps it."""
    kept = path == state_place.NODE and state_place.has_service()
    return path == state_place.to_read(os.environ) and not kept


def until_nobody_needs_it(
    path: str, terminals: Registry, clock: Callable[[], float] = time.monotonic
) -> Callable[[], bool]:
    """Tells when the last registered shell has been gone for a minute, or others keep the state from now on."""
    seen = due = clock()

    def over() -> bool:
        nonlocal seen, due
        now = clock()
        if now < due:
            return False
        due = now + _LOOK_EVERY
        if terminals.shells():
            seen = now
        return now - seen >= _ALONE or not needed(path)

    return over
