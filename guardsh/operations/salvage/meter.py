"""How far a long copy is: a bar that is drawn over itself at a terminal, a line now and then elsewhere; and told to
`guardsh progress`."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from typing import TextIO

from guardsh.model.storage import Progress
from guardsh.screen import escape
from guardsh.screen.progress import line
from guardsh.system import under_way

_SECTOR = 512  # bytes: the unit of a Progress
_WINDOW = 10.0  # seconds over which the rate is taken
_AT_A_TERMINAL, _ELSEWHERE = 0.2, 10.0  # seconds between two lines
_TELLING = 1.0  # seconds, at most, between two times that it is told


class Meter:
    """Counts bytes; what it draws goes to ``output`` and is dropped where that is gone: the copy goes on.

    ``what`` is told to others: ``salvage to /mnt/usb/rescue``.
    """

    def __init__(self, label: str, total: int, output: TextIO, what: str) -> None:
        self._label, self._total, self._output = label, total, output
        self._live = output.isatty()
        self._interval = _AT_A_TERMINAL if self._live else _ELSEWHERE
        self._done, self._drawn, self._next = 0, False, time.monotonic() + (0 if self._live else _ELSEWHERE)
        self._past = deque([(time.monotonic(), 0)])
        self._told, self._due = under_way.Told(what), 0.0
        self.moved(0)

    def moved(self, amount: int) -> None:
        self._done += amount
        now = time.monotonic()
        if now >= self._due:
            self._due = now + min(_TELLING, self._interval)
            self._tell(now)
        if now >= self._next:
            self._next = now + self._interval
            self._draw()

    def end(self) -> None:
        """The last state stays on the screen."""
        self._told.close()
        if self._live:
            self._draw()

    def _tell(self, now: float) -> None:
        self._past.append((now, self._done))
        while len(self._past) > 2 and now - self._past[0][0] > _WINDOW:
            self._past.popleft()
        self._told.say(self._progress())

    def _draw(self) -> None:
        text = line(self._label, self._progress(), self._width())
        with contextlib.suppress(OSError, ValueError):  # the terminal is gone
            self._output.write((escape.up(1) if self._live and self._drawn else "") + text + "\n")
            self._output.flush()
            self._drawn = True

    def _progress(self) -> Progress:
        (begin, before), (end, now) = self._past[0], (time.monotonic(), self._done)
        rate = (now - before) / 1024 / (end - begin) if end > begin else 0
        return Progress(self._done // _SECTOR, self._total // _SECTOR, int(rate) or None, action="salvage")

    def _width(self) -> int:
        with contextlib.suppress(OSError):
            return os.get_terminal_size(self._output.fileno()).columns or 80
        return 80
