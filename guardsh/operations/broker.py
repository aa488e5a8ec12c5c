"""The process outside a shield: judges what is asked for inside, runs there what may run, and shields what is new."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import signal
import socket
import time
from functools import partial

from guardsh.observe.shielded import Covered, Look
from guardsh.operations import attendant
from guardsh.system import errand, kernel, ward
from guardsh.system.apart import Apart, Deadline

_PERIOD = 2.0  # seconds between two looks for what is new
_AT_HAND = 1.0  # seconds for what has answered already


def start(look: Look) -> socket.socket:
    """Start the broker of the shield that this process is about to enter; the way to tell it which that is.

    It is nobody's child, so that no program here ever waits for it; but in our session, so that what it runs can be a
    part of the job of whoever asked.
    """
    ours, theirs = socket.socketpair()
    shielded = os.getpid()
    child = os.fork()
    if child == 0:
        ours.close()
        if os.fork() == 0:
            with contextlib.suppress(Exception):
                _serve(theirs, shielded, look)
        os._exit(0)
    os.waitpid(child, 0)
    theirs.close()
    return ours


def cover(covered: Covered) -> None:
    """Mount over everything in our own namespace what keeps hands off. Raises OSError, the first, when everything has
    been tried; what is gone by now, and what an ordinary account cannot even look into, is none: nothing in this shield
    can reach it."""
    failed: list[OSError] = []
    for work, paths in (
        (ward.read_only, covered.directories),
        (ward.closed, covered.devices),
        (ward.of_its_own, covered.doors),
    ):
        for path in paths:
            try:
                work(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                if os.geteuid() == 0 or not isinstance(error, PermissionError):
                    failed.append(error)
    if failed:
        raise failed[0]


def _serve(way: socket.socket, shielded: int, look: Look) -> None:
    _settle(way)
    _, namespaces, _, _ = socket.recv_fds(way, 1, 2)
    if not namespaces:
        return
    address = errand.address(shielded)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    listener.bind(address)
    listener.listen(16)
    way.send(b"y")
    way.close()
    _Broker(listener, namespaces, shielded, look).work()


def _settle(way: socket.socket) -> None:
    """Hold nothing of the shell's: no stream, no directory, and no key typed at it reaches us."""
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(15, b"guardsh-shield", 0, 0, 0)  # PR_SET_NAME, for ps
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    keep = way.fileno()
    os.closerange(3, keep)
    os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX"))


class _Broker:
    def __init__(self, listener: socket.socket, namespaces: list[int], shielded: int, look: Look) -> None:
        self._listener, self._namespaces, self._look = listener, namespaces, look
        self._process = os.pidfd_open(shielded)
        self._number = os.fstat(namespaces[0]).st_ino
        self._left = False  # the shell has ended; others may be there still
        self._attendants: list[int] = []
        self._news: Apart[object] | None = None
        self._key: object = None
        self._due = time.monotonic() + _PERIOD

    def work(self) -> None:
        """Until nobody is left in the shield."""
        gc.freeze()
        while not (self._left and not self._somebody_left()):
            self._reap()
            waiting = [self._listener.fileno(), *([] if self._left else [self._process])]
            waiting += [self._news.fileno()] if self._news else []
            ready = select.select(waiting, [], [], max(0.0, self._due - time.monotonic()))[0]
            self._left = self._left or self._process in ready
            if self._listener.fileno() in ready:
                self._accept()
            if self._news and self._news.fileno() in ready:
                self._take_news()
            if time.monotonic() >= self._due:
                self._ask_for_news()

    def _somebody_left(self) -> bool:
        return any(_namespace_of(name) == self._number for name in os.listdir("/proc") if name.isdigit())

    def _accept(self) -> None:
        door, _ = self._listener.accept()
        with door:
            attending = os.fork()
            if attending == 0:
                try:
                    self._listener.close()
                    attendant.attend(door)
                finally:
                    os._exit(0)
            self._attendants.append(attending)

    def _ask_for_news(self) -> None:
        """In a child: a file system that hangs must not keep anybody from asking."""
        self._due = time.monotonic() + _PERIOD
        if self._news is None:
            self._news = Apart(partial(self._follow, self._key))

    def _take_news(self) -> None:
        assert self._news is not None
        if self._news.receive():
            found = self._news.result(Deadline(_AT_HAND))
            self._news = None
            self._key = getattr(found, "value", None)

    def _follow(self, known: object) -> object:
        """Cover what is there now, if anything has changed; by what to tell that next time."""
        key = self._look.key()
        if key != known:
            covered = self._look.covered()
            _join(self._namespaces)
            cover(covered)
        return key

    def _reap(self) -> None:
        """Only those: the child with the news is waited for by who reads them."""
        self._attendants = [pid for pid in self._attendants if os.waitpid(pid, os.WNOHANG)[0] == 0]


def _join(namespaces: list[int]) -> None:
    """The shield's namespaces: the account's own first, which gives the right to enter the other."""
    for descriptor in reversed(namespaces):
        kernel.setns(descriptor, 0)


def _namespace_of(process: str) -> int:
    try:
        return os.stat(f"/proc/{process}/ns/mnt").st_ino
    except OSError:
        return 0
