"""A process that outlives this one, to put a terminal back where this one is killed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from typing import NoReturn

_PATIENCE = 60.0  # seconds for a terminal stopped with Ctrl-S


class Guardian:
    """Writes ``last_words`` to ``descriptor`` if this process ends without ``dismiss``, SIGKILL included.

    It lives in a session of its own: signals for our process group and the terminal's hang-up don't reach it, and
    job control doesn't stop what it writes (tty_check_change in the kernel's drivers/tty/tty_jobctrl.c looks only at
    processes of the terminal's session).
    """

    def __init__(self, descriptor: int, last_words: bytes) -> None:
        reader, self._writer = os.pipe()
        ready, its_end = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _stand_guard(reader, descriptor, last_words)
        os.close(reader)
        os.close(its_end)
        os.read(ready, 1)  # comes to its end when the guardian, on its own by then, closes what it does not need
        os.close(ready)

    def dismiss(self) -> None:
        """End it without a word."""
        with contextlib.suppress(BrokenPipeError):  # it was killed itself
            os.write(self._writer, b".")
        os.close(self._writer)
        with contextlib.suppress(ChildProcessError):  # SIGCHLD is ignored here, so the kernel reaped it
            os.waitpid(self._pid, 0)


def _stand_guard(reader: int, descriptor: int, last_words: bytes) -> NoReturn:
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        _close_all_but(reader, descriptor)
        if not os.read(reader, 1):
            select.select([], [descriptor], [], _PATIENCE)
            os.write(descriptor, last_words)
    finally:
        os._exit(0)


def _close_all_but(*kept: int) -> None:
    """Nobody shall wait for us: not a reader of our standard output, not a lock, not the other end of the pipe."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):  # the descriptor of the listing itself
                os.close(int(name))
