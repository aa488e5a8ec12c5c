"""Signals that would end or stop this process, noted instead of obeyed while a person is being asked."""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType
from typing import Any

_ENDINGS = {
    signal.SIGINT: "interrupted",
    signal.SIGQUIT: "interrupted (SIGQUIT)",
    signal.SIGTERM: "terminated (SIGTERM)",
    signal.SIGHUP: "terminal closed",
}
# A stopped question would keep the terminal's colours and modes; SIGTTOU and SIGTTIN would stop us where the shell
# has taken the terminal back: ignored, reading gives EIO and writing goes through (termios(3), setpgid(2)).
_IGNORED = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


class Signals:
    """While entered, ``noted`` is the first signal that asked this process to end, in words, or None.

    Its file descriptor becomes readable then, for select. Nothing is raised: who waits looks here.
    """

    def __init__(self) -> None:
        self.noted: str | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Signals:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        for number in _ENDINGS:
            self._before[number] = signal.signal(number, self._note)
        for number in _IGNORED:
            self._before[number] = signal.signal(number, signal.SIG_IGN)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, before in self._before.items():
            # None: a handler that Python did not install, which it can not put back.
            signal.signal(number, signal.SIG_DFL if before is None else before)
        os.close(self._reader)
        os.close(self._writer)

    def fileno(self) -> int:
        return self._reader

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.noted is None:
            self.noted = _ENDINGS[signal.Signals(number)]
            os.write(self._writer, b".")
