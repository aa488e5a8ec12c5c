"""Whether somebody keeps what is insured; and somebody who does."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time

from guardsh.remedies import insured

LOCK = "/run/guardsh/insured.lock"


def are_kept() -> bool:
    """Whether a process keeps them."""
    try:
        lock = os.open(LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def revive() -> None:
    """Where something is insured and nobody keeps it: start keepers, detached. The service has its own."""
    if os.geteuid() != 0 or not os.path.lexists(insured.LIST) or are_kept():
        return
    with contextlib.suppress(OSError, ValueError):
        if insured.wanted():
            words = [sys.executable, "-m", "guardsh", "insure", "--keep"]
            nothing = subprocess.DEVNULL
            subprocess.Popen(words, cwd="/", stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)


def await_report(directory: str, seconds: float) -> insured.Report | None:
    """The first word of a keeper that has come since; None where there was none in time."""
    begun, end = time.time(), time.monotonic() + seconds
    while time.monotonic() < end:
        for report in insured.reports():
            if report.directory == directory and report.written >= begun and (report.files or report.trouble):
                return report
        time.sleep(0.05)
    return None
