"""One errand out of a shield: guardsh itself, started outside as whoever asked, in their job, judges, asks and runs it.

Nothing that is said inside is believed but the words, where they were said, and the environment: who asks is the
kernel's word, and the verdict is made, and confirmed at the terminal, out here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import termios
from dataclasses import dataclass

from guardsh.system import errand
from guardsh.system.errand import Errand

_LOADED = (b"LD_", b"PYTHON")  # what ld.so(8) and Python run before, or in place of, guardsh
_DEFAULT = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN)


@dataclass(frozen=True, slots=True)
class _Requester:
    pid: int
    uid: int
    gid: int
    groups: tuple[int, ...]
    session: int
    group: int

    @property
    def is_near(self) -> bool:
        """In our session: what is run for it can be a part of its job."""
        return self.session == os.getsid(0)


def attend(door: socket.socket) -> None:
    """Run one errand, and tell whoever sent it how it ended."""
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        who = _requester(door)
        order, descriptors = errand.receive(door)
    except (OSError, ValueError, struct.error):
        return
    answer, says = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        _become(order, descriptors, who, says)
    for each in (says, *descriptors):
        os.close(each)
    kind, number = _wait(door, child, reader, who)
    told = os.read(answer, errand.REPLY.size) if kind == errand.EXITED else b""
    with contextlib.suppress(OSError):
        door.sendall(told or errand.REPLY.pack(kind, number))


def _requester(door: socket.socket) -> _Requester:
    """Raises OSError where it cannot be told, or where we cannot act for it."""
    pid, uid, gid = errand.peer(door)
    if os.geteuid() not in (0, uid):
        raise PermissionError("somebody else's errand")
    return _Requester(pid, uid, gid, _groups(pid), os.getsid(pid), os.getpgid(pid))


def _groups(pid: int) -> tuple[int, ...]:
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        lines = (line.partition(":") for line in file)
        return tuple(int(word) for name, _, words in lines if name == "Groups" for word in words.split())


def _wait(door: socket.socket, child: int, woken: int, who: _Requester) -> tuple[bytes, int]:
    """Until it has ended: pass its stops on, and the signals that come. Who is gone takes the command along."""
    listening = True
    while True:
        pid, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
        if pid and os.WIFSTOPPED(status):
            if not who.is_near:
                door.sendall(errand.REPLY.pack(errand.STOPPED, 0))
        elif pid:
            return (errand.KILLED, os.WTERMSIG(status)) if os.WIFSIGNALED(status) else (
                errand.EXITED, os.WEXITSTATUS(status),
            )  # fmt: skip
        ready = select.select([woken, *([door.fileno()] if listening else [])], [], [])[0]
        if woken in ready:
            os.read(woken, 64)
        if door.fileno() in ready:
            signals = _received(door)
            listening = bool(signals)
            _send(child, signals or bytes([signal.SIGKILL]), who)


def _received(door: socket.socket) -> bytes:
    try:
        return door.recv(64)
    except OSError:
        return b""


def _send(child: int, signals: bytes, who: _Requester) -> None:
    for number in signals:
        with contextlib.suppress(OSError, ValueError):
            (os.kill if who.is_near else os.killpg)(child, number)


def _become(order: Errand, descriptors: list[int], who: _Requester, says: int) -> None:
    """Take the requester's place, all but its namespaces and limits, and become guardsh with its words."""
    try:
        cwd, *streams = descriptors
        _join_job(who, streams.pop() if order.terminal else None)
        _take_signals(order)
        _take_identity(who)
        _take_directory(who, cwd)
        os.umask(order.umask)
        for number, descriptor in zip(order.streams, _clear_of_streams(streams), strict=True):
            os.dup2(descriptor, number)
        for number in {0, 1, 2}.difference(order.streams):
            os.close(number)
        os.set_inheritable(says, True)
        own, commands = _environments(order)
        words = [*_front_door(), *errand.introduction(says, who.pid, commands), *order.words]
        os.execve(words[0], words, dict(entry.split(b"=", 1) for entry in own if b"=" in entry[1:]))
    finally:
        os._exit(125)


def _environments(order: Errand) -> tuple[list[bytes], list[bytes]]:
    """That of guardsh, which nothing said inside makes another program, and what only the command it runs gets."""
    given = [errand.UNSHIELDED if entry == errand.SHIELDED else entry for entry in order.environment]
    commands = [entry for entry in given if entry.startswith(_LOADED)]
    return [entry for entry in given if not entry.startswith(_LOADED)], commands


def _clear_of_streams(descriptors: list[int]) -> list[int]:
    return [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in descriptors]


def _join_job(who: _Requester, terminal: int | None) -> None:
    if who.is_near:
        os.setpgid(0, who.group)
        return
    os.setsid()
    if terminal is not None:
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        os.close(terminal)


def _take_signals(order: Errand) -> None:
    signal.set_wakeup_fd(-1)
    for number in (*_DEFAULT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    for ignored in order.ignored:
        signal.signal(ignored, signal.SIG_IGN)


def _take_identity(who: _Requester) -> None:
    if (os.geteuid(), os.getegid()) != (who.uid, who.gid) or os.geteuid() == 0:
        os.setgroups(who.groups)
        os.setresgid(who.gid, who.gid, who.gid)
        os.setresuid(who.uid, who.uid, who.uid)


def _take_directory(who: _Requester, descriptor: int) -> None:
    """The directory of the same path out here, if it is the same: inside, it may lie on a read-only mount."""
    here, path = os.fstat(descriptor), os.readlink(f"/proc/self/fd/{descriptor}")
    os.fchdir(descriptor)
    with contextlib.suppress(OSError):
        if os.path.samestat(os.stat(path), here):
            os.chdir(path)


def _front_door() -> list[bytes]:
    """How this guardsh was started, without its own words."""
    count = len(sys.orig_argv) - (len(sys.argv) - 1)
    return [os.fsencode(each) for each in (sys.executable, *sys.orig_argv[1:count])]
