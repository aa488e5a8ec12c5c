"""A process that lets a server go on which is held still, should the one that holds it be killed."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import NoReturn

from guardsh.system import suspension

_HOLDING, _RELEASED = b"h", b"r"


class Lifeline:
    """Lives beside its maker, in a session of its own, until that ends."""

    def __init__(self, postmaster: int) -> None:
        reader, self._writer = os.pipe()
        os.set_inheritable(self._writer, False)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._writer)
            _stand_by(reader, postmaster)
        os.close(reader)

    def holding(self) -> None:
        """From now on the server is held still by us."""
        os.write(self._writer, _HOLDING)

    def released(self) -> None:
        os.write(self._writer, _RELEASED)

    def close(self) -> None:
        os.close(self._writer)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _stand_by(reader: int, postmaster: int) -> NoReturn:
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        for name in os.listdir("/proc/self/fd"):
            if int(name) not in (reader, 0, 1, 2):
                with contextlib.suppress(OSError):
                    os.close(int(name))
        holding = False
        while data := os.read(reader, 64):
            holding = data.endswith(_HOLDING)
        if holding:
            suspension.resume(suspension.family(postmaster))
    finally:
        os._exit(0)
