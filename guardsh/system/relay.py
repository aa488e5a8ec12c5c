"""A terminal of its own for a command that is run in another session, joined to the one that we are on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import termios
import tty
from collections.abc import Callable


def own_terminal() -> int | None:
    """A descriptor of our controlling terminal; None where there is none, or we are in its background."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    if os.tcgetpgrp(terminal) == os.getpgrp():
        return terminal
    os.close(terminal)
    return None


class Relay:
    """What is typed on ``terminal`` is typed on ``slave``, and what is printed there comes out here, as sudo(8) does
    with use_pty: job control and window size are the command's own."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._number = os.fstat(terminal).st_rdev
        self._modes = termios.tcgetattr(terminal)
        self._master, self.slave = os.openpty()
        termios.tcsetattr(self.slave, termios.TCSANOW, self._modes)
        self.resize()

    def in_place_of(self, descriptor: int) -> int:
        """The slave, where the descriptor is a terminal; otherwise the same."""
        status = os.fstat(descriptor)
        return self.slave if stat.S_ISCHR(status.st_mode) and os.isatty(descriptor) else descriptor

    def begin(self) -> None:
        """Keys go through as they are: what they mean is decided on the other side."""
        if self.slave >= 0:
            os.close(self.slave)  # so that the last output is followed by its end
            self.slave = -1
        tty.setraw(self._terminal)
        self.resize()

    def pause(self) -> None:
        termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._modes)

    def end(self) -> None:
        """Print what is left, and put the terminal back."""
        os.set_blocking(self._master, False)
        while self._print():
            pass
        self.pause()
        os.close(self._master)
        os.close(self._terminal)

    def resize(self) -> None:
        with contextlib.suppress(OSError):
            size = fcntl.ioctl(self._terminal, termios.TIOCGWINSZ, bytes(8))
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def ways(self) -> dict[int, Callable[[], object]]:
        """What to do when something can be read where."""
        return {self._terminal: self._type, self._master: self._print}

    def _type(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._master, os.read(self._terminal, 4096))

    def _print(self) -> bool:
        """EIO: nobody has the other end open any more; its status will come."""
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return False
        while data:
            data = data[os.write(self._terminal, data) :]
        return True
