"""Sending an errand out of the shield, and waiting for it as if it were run here: signals, stops, status."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

from guardsh.system import errand, program
from guardsh.system.errand import Errand
from guardsh.system.relay import Relay, own_terminal

_ASKED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
_BY_KEY = (signal.SIGINT, signal.SIGQUIT)  # the terminal sends them to the whole process group
LOST = 125


@dataclass(frozen=True, slots=True)
class Outcome:
    """``inside``: nothing has been run, and the last so many words shall run here. Otherwise ``status`` is the
    command's own."""

    status: int = 0
    inside: int = 0


def run(words: list[bytes], stdin: int = 0) -> Outcome | None:
    """Have guardsh called with these words outside; None where this is no shield. ``stdin`` is what it reads."""
    door = errand.connect()
    if door is None:
        return None
    with door:
        return _Wait(door, words, stdin).outcome()


class _Wait:
    def __init__(self, door: socket.socket, words: list[bytes], stdin: int) -> None:
        self._door = door
        self._same = _same_session(door)
        terminal = None if self._same else own_terminal()
        self._relay = None if terminal is None else Relay(terminal)
        errand.send(door, *self._errand(words, stdin))
        if self._relay:
            self._relay.begin()

    def _errand(self, words: list[bytes], stdin: int) -> tuple[Errand, list[int]]:
        streams = tuple(number for number in (0, 1, 2) if _is_open(number))
        descriptors = [stdin if number == 0 else number for number in streams]
        if self._relay:
            descriptors = [*map(self._relay.in_place_of, descriptors), self._relay.slave]
        environment = tuple(program.original_environment())
        made = Errand(tuple(words), environment, _umask(), _ignored(), streams, self._relay is not None)
        return made, [os.open(".", os.O_PATH | os.O_CLOEXEC), *descriptors]

    def outcome(self) -> Outcome:
        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        before = {number: signal.signal(number, lambda *_: None) for number in (*_ASKED, *self._of_others())}
        woken = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            kind, number = self._answer(reader)
        finally:
            signal.set_wakeup_fd(woken)
            for each, handler in before.items():
                signal.signal(each, handler)
            os.close(reader)
            os.close(writer)
            if self._relay:
                self._relay.end()
        return _ended(kind, number)

    def _of_others(self) -> tuple[int, ...]:
        """In a session of its own the command is not reached by what is sent to our process group."""
        return () if self._same else (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)

    def _answer(self, woken: int) -> tuple[bytes, int]:
        """Until it has ended: pass on signals and what is typed and printed, stop with it."""
        ways: dict[int, Callable[[], object]] = {woken: lambda: self._pass_on(os.read(woken, 64))}
        received = b""
        while True:
            ways_now = ways | (self._relay.ways() if self._relay else {})
            ready = select.select([self._door.fileno(), *ways_now], [], [])[0]
            for each in ready:
                if each in ways_now:
                    ways_now[each]()
            if self._door.fileno() in ready:
                chunk = self._door.recv(errand.REPLY.size - len(received))
                received += chunk
                if not chunk:
                    return errand.REFUSED, 0
                if len(received) == errand.REPLY.size:
                    kind, number = errand.REPLY.unpack(received)
                    received = b""
                    if kind != errand.STOPPED:
                        return kind, number
                    self._stop()

    def _pass_on(self, signals: bytes) -> None:
        for number in signals:
            if number == signal.SIGWINCH:
                if self._relay:
                    self._relay.resize()
            elif not (self._same and number in _BY_KEY):
                with contextlib.suppress(OSError):
                    self._door.send(bytes([number]))
                if number == signal.SIGTSTP and not self._relay:
                    self._stop()

    def _stop(self) -> None:
        """Stop as the command has stopped, so that the shell sees it; go on with it."""
        if self._same:  # our process group has been stopped with it
            return
        if self._relay:
            self._relay.pause()
        os.kill(os.getpid(), signal.SIGSTOP)
        if self._relay:
            self._relay.begin()
        with contextlib.suppress(OSError):
            self._door.send(bytes([signal.SIGCONT]))


def _ended(kind: bytes, number: int) -> Outcome:
    if kind == errand.INSIDE:
        return Outcome(inside=number)
    if kind == errand.KILLED:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
        _no_core()
        os.kill(os.getpid(), number)
        return Outcome(128 + number)
    if kind == errand.EXITED:
        return Outcome(number)
    sys.stderr.write("guardsh: the broker of this shield did not run it\n")
    return Outcome(LOST)


def _no_core() -> None:
    """The command has left one, if any."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _same_session(door: socket.socket) -> bool:
    """Whether the broker can start the command in our own session, as a part of our job."""
    try:
        return os.getsid(errand.peer(door)[0]) == os.getsid(0)
    except OSError:
        return False


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _ignored() -> tuple[int, ...]:
    """Of those that a command inherits as ignored (nohup, a background job of sh)."""
    return tuple(number for number in (*_ASKED, signal.SIGTSTP) if signal.getsignal(number) == signal.SIG_IGN)
