"""The interactive shells of this account, really started on a terminal of their own: is the line hook there?"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import time
from collections.abc import Iterator, Sequence

from guardsh.operations.doctor_probes import bait

_START = 10.0  # seconds for a shell's configuration
_ANSWER = 15.0  # seconds for a line
_QUIET = 0.7  # seconds without output after which a shell waits for a line
_QUESTION = b"host and role>"
_RAN = re.compile(rb"guardsh-doctor-ended-[0-9]")


def asked(shell: str, lines: Sequence[str]) -> Iterator[bool]:
    """Whether each line, typed with a {bait} of its own, is asked about. Raises OSError."""
    pid, terminal = _start(shell)
    status = "$status" if shell == "fish" else "$?"
    try:
        _read(terminal, _START, None)
        for line in lines:
            yield _asked(terminal, f" {line}; echo guardsh-doctor-ended-{status}\r")
    finally:
        _end(pid, terminal)


def _asked(terminal: int, line: str) -> bool:
    with bait() as (_, directory):
        os.write(terminal, line.format(bait=directory).encode())
        seen = _read(terminal, _ANSWER, _RAN)
        for _ in range(2):  # the question, and the line, which zsh and fish put back to be edited
            os.write(terminal, b"\x03")
            _read(terminal, _ANSWER, None)
        return _QUESTION in seen and os.path.exists(f"{directory}/base/1/1259")


def _start(shell: str) -> tuple[int, int]:
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.environ.update(TERM="xterm", HISTFILE="/dev/null", GUARDSH_BACKGROUND="off", GUARDSH_WATCH="off")
            os.execvp(shell, [shell, *(["--private"] if shell == "fish" else []), "-i"])
        finally:
            os._exit(127)
    return pid, terminal


def _read(terminal: int, patience: float, until: re.Pattern[bytes] | None) -> bytes:
    """What the shell writes until it asks, has done the line, is quiet (where nothing is waited for), or hangs up."""
    seen = b""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], _QUIET if until is None else end - time.monotonic())
        if not ready:
            return seen
        try:
            seen += os.read(terminal, 65536)
        except OSError:  # hung up
            return seen
        if until is not None and (_QUESTION in seen or until.search(seen)):
            return seen
    return seen


def _end(pid: int, terminal: int) -> None:
    """Leave as a person does: what a configuration has begun is not cut short."""
    with contextlib.suppress(OSError):
        os.write(terminal, b"exit\r")
        _read(terminal, _ANSWER, None)
    os.close(terminal)  # hangs up what is still there
    for _ in range(100):
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
