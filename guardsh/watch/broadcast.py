"""The role's colour on every registered terminal, idle or busy, without ever waiting for one.

One write(2) of an OSC sequence to the terminal's own device: it moves no cursor and leaves a half-typed line alone.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat

from guardsh.screen import escape, palette
from guardsh.system import proc
from guardsh.watch.registry import Registry, Shell, has_colours

# Programs that show another machine, or other terminals: their picture is not this node's. The shell's next prompt,
# or the panes inside, have its colour.
_ELSEWHERE = frozenset(
    "autossh docker incus kubectl lxc lxc-attach machinectl minicom mosh-client nerdctl nsenter podman screen slogin "  # noqa: SIM905
    "ssh telnet tmux virsh".split()
)


class Broadcast:
    """What the terminals of a registry show. ``root`` is the /proc that they are found in."""

    def __init__(self, registry: Registry, root: str = "/proc") -> None:
        self._registry = registry
        self._root = root
        self._word: str | None = None
        self._painted: dict[int, tuple[int, str]] = {}  # by pid: start of the process, and the word
        self._owed: dict[int, tuple[Shell, bytes]] = {}  # by device: what a terminal has not taken yet

    def show(self, word: str) -> None:
        """Paint every terminal in the colour of the role, if that is another than before."""
        if word != self._word:
            self._word = word
            self.learn()

    def learn(self) -> None:
        """Paint those that have registered since: they may have read the state before it changed."""
        word = self._word
        if word is None:
            return
        shells = self._shells()
        before = self._painted
        self._painted = {shell.process.pid: (shell.process.ticks, word) for shell in shells}
        due = [shell for shell in shells if before.get(shell.process.pid) != self._painted[shell.process.pid]]
        self._paint({shell.device: shell for shell in due}, word)

    def retry(self) -> None:
        """Once more where a terminal took nothing (Ctrl-S, a dead client), if its shell is still there."""
        if not self._owed:
            return
        known = {shell.device: shell for shell in self._shells()}
        for device, (shell, data) in list(self._owed.items()):
            now = known.get(device)
            if now is None or now.process.ticks != shell.process.ticks:
                del self._owed[device]
            else:
                self._write(now, data)

    def _shells(self) -> list[Shell]:
        return [shell for shell in self._registry.shells() if has_colours(shell)]

    def _paint(self, shells: dict[int, Shell], word: str) -> None:
        busy = [shell for shell in shells.values() if not _idle(shell)]
        away = _away(busy, self._root) if busy else frozenset()
        for shell in shells.values():
            if shell.process.pid not in away:
                self._write(shell, self._remains(shell) + sequence(word, shell.theme))

    def _remains(self, shell: Shell) -> bytes:
        """The end of a sequence that a terminal took the beginning of; nothing of one that it took nothing of."""
        _, data = self._owed.get(shell.device, (shell, b""))
        return b"" if data.startswith(b"\x1b]") else data

    def _write(self, shell: Shell, data: bytes) -> None:
        self._owed.pop(shell.device, None)
        try:
            written = _written(shell, data)
        except PermissionError:
            _wake(shell)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                self._owed[shell.device] = (shell, data)
        else:
            if written < len(data):
                self._owed[shell.device] = (shell, data[written:])


def sequence(word: str, theme: str) -> bytes:
    """What paints a terminal for a role. A node without Postgres has the terminal's own colours.

    Where the theme is not known the text is coloured too: dark text could not be read on a dark tint.
    """
    known = theme in ("dark", "light")
    if word == "none":
        return (escape.RESET_BACKGROUND + ("" if known else escape.RESET_FOREGROUND)).encode()
    tint = palette.tint(word)
    text = "" if known else escape.set_foreground(palette.READABLE_ON_DARK)
    return (text + escape.set_background(tint.light if theme == "light" else tint.dark)).encode()


def _written(shell: Shell, data: bytes) -> int:
    """Open anew: O_NONBLOCK on a descriptor that others have too would be theirs as well. Raises OSError."""
    descriptor = os.open(shell.path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISCHR(status.st_mode) or status.st_rdev != shell.device:
            raise OSError(errno.ENODEV, "another device")
        if status.st_uid != shell.owner:
            raise PermissionError(errno.EPERM, "another account's terminal")
        return os.write(descriptor, data)
    finally:
        os.close(descriptor)


def _wake(shell: Shell) -> None:
    """A shell after su or sudo, on a terminal that is not its own account's: it may write there, we may not.

    SIGWINCH, since a process that does not handle it is not disturbed.
    """
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(shell.process.pid)
        try:
            now = proc.parse_stat(proc.read(f"/proc/{shell.process.pid}/stat"))
            if now is not None and now.ticks == shell.process.ticks:
                signal.pidfd_send_signal(descriptor, signal.SIGWINCH)
        finally:
            os.close(descriptor)


def _idle(shell: Shell) -> bool:
    return shell.process.foreground == shell.process.group


def _away(shells: list[Shell], root: str) -> frozenset[int]:
    """Those shells whose terminal shows something else than this node."""
    listed = {process.pid: process for process in proc.processes(root)}
    elsewhere = [pid for pid, process in listed.items() if _shows_elsewhere(process)]
    above = frozenset[int]().union(*(proc.ancestors(pid, listed) for pid in elsewhere))
    return above & {shell.process.pid for shell in shells}


def _shows_elsewhere(process: proc.Process) -> bool:
    return process.name.partition(":")[0] in _ELSEWHERE and process.group == process.foreground
