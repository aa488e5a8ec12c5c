"""The keepers of insured directories: started, and heard."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import syslog
import time

from guardsh import aside
from guardsh.policy import config
from guardsh.remedies import insured
from guardsh.screen.plain import safe
from guardsh.watch import background, healing
from guardsh.watch.keeper import Keeper

_PATIENCE = 15.0  # seconds until a new keeper has given every file its second name
_LOCKS = "/run/guardsh/keepers"


def start(directory: str) -> insured.Report | None:
    """Start a keeper of its own for this directory, unless one is at work; its first word, or None where it did not say
    one in time."""
    if background.detach():
        with contextlib.suppress(BaseException):
            keep(directory)
        os._exit(0)
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        for report in insured.reports():
            if report.directory == directory and report.is_fresh and report.keeper > 0:
                return report
        time.sleep(0.05)
    return None


def keep(directory: str) -> None:
    """Be the keeper of a directory until it is insured no longer; nothing where another one is."""
    mode = insured.wanted().get(directory)
    if mode is None:
        return
    status = os.stat(directory)
    os.makedirs(_LOCKS, mode=0o700, exist_ok=True)
    lock = os.open(f"{_LOCKS}/{status.st_dev}-{status.st_ino}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    Keeper(directory, mode, tell).run()


def tell(directory: str, outcome: healing.Outcome) -> None:
    """Loudly: to the system's log, every terminal and the audit trail."""
    sentence = told(directory, outcome)
    syslog.syslog(syslog.LOG_ALERT, f"guardsh: {sentence}")
    for terminal in glob.glob("/dev/pts/[0-9]*"):
        with contextlib.suppress(OSError):
            door = os.open(terminal, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            try:
                os.write(door, f"\r\nguardsh: {safe(sentence)}\r\n".encode())
            finally:
                os.close(door)
    aside.on_record(("guardsh", "insure", directory), config.in_force(), sentence)


def told(directory: str, outcome: healing.Outcome) -> str:
    """What happened, in one sentence."""
    who = "; ".join(f"{each.command} (process {each.pid}): {each.fate or 'seen'}" for each in outcome.culprits)
    pause = f"{outcome.pause * 1000:.0f} ms"
    if not outcome.healed:
        return f"names vanished from {directory}, the data directory of a running server: {outcome.sentence}. {who}"
    return f"{outcome.names} names were taken from {directory} and put back; the server stood still for {pause}. {who}"
