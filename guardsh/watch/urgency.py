"""A process that must act within milliseconds: first in line for the processor, never swapped, killed the last."""

from __future__ import annotations

import contextlib
import gc
import os
import resource

from guardsh.system.kernel import checked, libc

_CURRENT_AND_FUTURE = 1 | 2  # MCL_CURRENT, MCL_FUTURE (mlockall(2))
_LEAST = 1  # of the real-time priorities; the kernel's own threads have more


def take() -> None:
    """As far as this account may; never raises."""
    gc.disable()
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    with contextlib.suppress(OSError):  # a server under load must not make us wait (sched(7))
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(_LEAST))
    with contextlib.suppress(OSError):
        checked(libc().mlockall(_CURRENT_AND_FUTURE))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("-900")


def take_descriptors() -> None:
    """Two for each directory that is followed: as many as this account may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
