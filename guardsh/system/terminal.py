"""The controlling terminal: who is at it, what is typed on it, and its modes put back as they were."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import termios
from collections.abc import Callable, Iterator
from types import TracebackType

from guardsh.model.verdict import Caller
from guardsh.system import device, modes
from guardsh.system.apart import Deadline
from guardsh.system.guardian import Guardian
from guardsh.system.signals import Signals

_STALLED = 10.0  # seconds for a terminal that takes no output (Ctrl-S, a dead connection)
_QUIET = 0.05  # seconds without input after which a paste has come to its end


_INTERRUPTING = (b"\x03", b"\x1c")  # as bytes, in a QuietTerminal


class NoAnswer(Exception):  # noqa: N818 (what came instead of an answer is an outcome, not an error)
    """Nothing was typed to the end; ``why`` says what came instead: ``interrupted``, ``no answer in 120 s``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Terminal:
    """The controlling terminal, whatever the standard streams are.

    It has an open file description of its own, so that O_NONBLOCK is not shared with the shell. Raises OSError where
    the process has no controlling terminal (ENXIO, tty(4)).
    """

    _cooked: Callable[[modes.Attributes], modes.Attributes] = staticmethod(modes.cooked)
    _uncooked: Callable[[modes.Attributes], modes.Attributes] = staticmethod(modes.uncooked)

    def __init__(self) -> None:
        self._descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._signals: Signals | None = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._descriptor)

    @property
    def width(self) -> int:
        """Columns; 80 where the terminal does not tell."""
        with contextlib.suppress(OSError):
            return os.get_terminal_size(self._descriptor).columns or 80
        return 80

    def in_foreground(self) -> bool:
        """Whether this process belongs to the terminal's foreground process group."""
        return os.tcgetpgrp(self._descriptor) == os.getpgrp()

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Signals that would end this process become ``NoAnswer`` where it waits; those that would stop it, nothing."""
        with Signals() as signals:
            self._signals = signals
            try:
                yield
                self._check_signals()
            finally:
                self._signals = None

    @contextlib.contextmanager
    def exclusive(self, patience: float) -> Iterator[None]:
        """Hold the terminal against other questions; ``NoAnswer`` when they take longer than ``patience`` seconds.

        Nothing is held where this account cannot open the device (after su).
        """
        descriptor = device.open_device()
        if descriptor is None:
            yield
            return
        try:
            self._lock(descriptor, Deadline(patience))
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def cooked(self) -> Iterator[None]:
        """Lines edited and echoed by the kernel, whatever the modes were before. What was typed ahead is discarded;
        and so is, at the end, what still comes of a paste: its further lines must not reach the shell."""
        with self._modes(self._cooked):
            self.discard_input()
            try:
                yield
            finally:
                self._discard_paste()

    @contextlib.contextmanager
    def changed(self, change: str, restore: str) -> Iterator[None]:
        """Write ``change`` and, whatever ends this, ``restore``."""
        try:
            self.write(change)
            yield
        finally:
            self.write_if_possible(restore)

    @contextlib.contextmanager
    def guarded(self, restore: str) -> Iterator[None]:
        """Have ``restore`` written if this process is killed."""
        guardian = Guardian(self._descriptor, restore.encode())
        try:
            yield
        finally:
            guardian.dismiss()

    def write(self, text: str) -> None:
        """Write all of ``text``; raises ``NoAnswer`` where the terminal takes no output, or is gone."""
        data = text.encode(errors="replace")
        deadline = Deadline(_STALLED)
        while data:
            if not self._ready([], [self._descriptor], deadline):
                raise NoAnswer("the terminal takes no output")
            with _closed_is_no_answer(), contextlib.suppress(BlockingIOError):
                data = data[os.write(self._descriptor, data) :]

    def write_if_possible(self, text: str) -> None:
        """Write ``text`` whatever signals have come; what the terminal does not take within a second is dropped."""
        with contextlib.suppress(OSError):
            select.select([], [self._descriptor], [], 1.0)
            os.write(self._descriptor, text.encode(errors="replace"))

    def read_line(self, patience: float) -> str:
        """The next line, without its end; bytes that are no UTF-8 become surrogates. Raises ``NoAnswer`` for Ctrl-D,
        a signal, a closed terminal, or no line within ``patience`` seconds."""
        deadline = Deadline(patience)
        while self._ready([self._descriptor], [], deadline):
            with contextlib.suppress(BlockingIOError):  # another process of our group read it
                line = self._read()
                if line.endswith(b"\n"):
                    return line[:-1].decode(errors="surrogateescape")
                raise NoAnswer("interrupted" if line.endswith(_INTERRUPTING) else "end of input (Ctrl-D)")
        raise NoAnswer(f"no answer in {patience:g} s")

    def exchange(self, question: str, fence: re.Pattern[str], patience: float) -> str:
        """Ask the terminal itself; what it replied until ``fence`` was found in it or ``patience`` ran out."""
        with self._modes(self._uncooked):
            self.write(question)
            deadline = Deadline(patience)
            received = ""
            while not fence.search(received) and self._ready([self._descriptor], [], deadline):
                with contextlib.suppress(BlockingIOError):
                    received += self._read().decode(errors="replace")
            return received

    def discard_input(self) -> None:
        """Drop what was typed and not read yet."""
        with contextlib.suppress(termios.error):
            termios.tcflush(self._descriptor, termios.TCIFLUSH)

    def _discard_paste(self) -> None:
        deadline = Deadline(1.0)
        with contextlib.suppress(NoAnswer, BlockingIOError), self._modes(self._uncooked):
            while deadline.left() and select.select([self._descriptor], [], [], _QUIET)[0]:
                self._read()

    def _ready(self, readers: list[int], writers: list[int], deadline: Deadline) -> bool:
        """Wait; False when the deadline has passed. The only place that waits for a person."""
        waking = [self._signals.fileno()] if self._signals else []
        ready = select.select([*readers, *waking], writers, [], deadline.left())
        self._check_signals()
        return any(ready)

    def _check_signals(self) -> None:
        if self._signals and self._signals.noted:
            raise NoAnswer(self._signals.noted)

    def _read(self) -> bytes:
        with _closed_is_no_answer():
            data = os.read(self._descriptor, 1 << 12)
            if not data:
                # A terminal that was hung up reads as its end; this gives EIO (hung_up_tty_fops in tty_io.c).
                termios.tcgetattr(self._descriptor)
            return data

    def _lock(self, descriptor: int, deadline: Deadline) -> None:
        while not device.lock(descriptor):
            if not deadline.left():
                raise NoAnswer("another question stands on this terminal")
            self._ready([], [], Deadline(min(0.05, deadline.left())))

    @contextlib.contextmanager
    def _modes(self, changed: Callable[[modes.Attributes], modes.Attributes]) -> Iterator[None]:
        with _closed_is_no_answer():
            before = termios.tcgetattr(self._descriptor)
            # TCSADRAIN would hang on a terminal stopped with Ctrl-S.
            termios.tcsetattr(self._descriptor, termios.TCSANOW, changed(before))
        try:
            yield
        finally:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSANOW, before)


class QuietTerminal(Terminal):
    """The terminal in the hands of a shell that waits for us: Ctrl-C is an answer and no signal, which would bring the
    shell back to its prompt before we have put the terminal back."""

    _cooked = staticmethod(modes.cooked_without_signals)
    _uncooked = staticmethod(modes.uncooked_without_signals)


def caller() -> Caller:
    """Who is asking: attended when there is a terminal and we are in its foreground process group."""
    uid = os.getuid()
    try:
        with Terminal() as terminal:
            foreground = terminal.in_foreground()
    except OSError as error:
        return Caller(attended=False, why=_why_none(error), uid=uid)
    where = device.device_path() or "its terminal"
    return Caller(attended=foreground, why=f"{'at' if foreground else 'in the background of'} {where}", uid=uid)


def _why_none(error: OSError) -> str:
    if error.errno in (errno.ENXIO, errno.ENOENT):
        return "no terminal"
    return f"could not open /dev/tty: {(error.strerror or str(error)).lower()}"


@contextlib.contextmanager
def _closed_is_no_answer() -> Iterator[None]:
    try:
        yield
    except BlockingIOError:
        raise
    except (OSError, termios.error) as error:
        raise NoAnswer("terminal closed") from error
