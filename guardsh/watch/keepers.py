"""The keepers of this node: a process for each insured directory, started again when it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Callable

from guardsh.remedies import insured
from guardsh.remedies.insured import Mode
from guardsh.remedies.keeping import LOCK
from guardsh.system import kernel, waiting
from guardsh.system.signals import Signals
from guardsh.watch import alarm
from guardsh.watch.healing import Outcome
from guardsh.watch.keeper import Keeper

_BEAT = 0.5  # seconds between two looks at the list, and at the keepers


class KeptByAnotherError(Exception):
    """Another process keeps them."""


class Keepers:
    """``told`` is what a keeper calls after an accident. Raises KeptByAnotherError, and OSError where /run cannot be
    written."""

    def __init__(self, told: Callable[[str, Outcome], None] = alarm.told) -> None:
        self._told = told
        self._pids: dict[str, tuple[int, Mode]] = {}
        os.makedirs(os.path.dirname(LOCK), mode=0o755, exist_ok=True)
        self._lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise KeptByAnotherError from None

    def run(self) -> None:
        """Until a signal asks to end, or nothing is insured."""
        with Signals() as signals:
            while not signals.noted and (self._turn() or self._pids):
                waiting.ready([signals.fileno()], _BEAT)
        for pid, _ in self._pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for pid, _ in self._pids.values():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        os.close(self._lock)

    def _turn(self) -> bool:
        """Whether anything is insured. A list that cannot be read changes nothing."""
        for directory, (pid, _) in list(self._pids.items()):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    del self._pids[directory]
        try:
            wanted = insured.wanted()
        except (OSError, ValueError):
            return True
        for directory, mode in wanted.items():
            if directory not in self._pids:  # one in another mode ends by itself
                self._pids[directory] = (self._start(directory, mode), mode)
        return bool(wanted)

    def _start(self, directory: str, mode: Mode) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                os.close(self._lock)
                kernel.end_with_parent()  # there shall not be two of one directory
                Keeper(directory, mode, self._told).run()
            except BaseException as error:
                sys.stderr.write(f"guardsh insure: {directory}: {type(error).__name__}: {error}\n")
            finally:
                os._exit(0)
        return pid
