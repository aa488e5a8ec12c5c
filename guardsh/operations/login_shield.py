"""A login shell that becomes a shielded one: tried first, in a child; and whatever happens, there is a shell."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from functools import partial

from guardsh.model.observed import Unknown
from guardsh.observe.shielded import Covered, Look
from guardsh.operations import shield
from guardsh.system import errand, kernel, program
from guardsh.system.apart import Deadline, apart

_PATIENCE = 10.0  # seconds: less than that of the shells (shell-integrations/login.sh)
_KEYS = (signal.SIGINT, signal.SIGQUIT)
_ENTER, _INSIDE, _NOT_NEEDED = "enter", "inside", "not needed"


def tried(shell: int) -> str:
    """What the login shell with this process number is told: ``enter PATH``, where PATH is its own program, ``inside``,
    ``not needed``, or why it cannot be shielded."""
    door = errand.connect()
    if door is not None:
        door.close()
        return _INSIDE
    path = os.readlink(f"/proc/{shell}/exe")
    if not os.access(path, os.X_OK):
        return f"{path} could not be started again"
    # a child: a file system that hangs, or a kernel that kills, must not keep anybody out
    said = apart(partial(_rehearsed, shield.look()), Deadline(_PATIENCE))
    if isinstance(said, Unknown):
        return said.why
    return f"{_ENTER} {path}" if said.value == _ENTER else said.value


def works(said: str) -> bool:
    """Whether that is an answer with which all is well."""
    return said.startswith(_ENTER) or said in (_INSIDE, _NOT_NEEDED)


def become(name: bytes, path: bytes) -> int:
    """Become the shell at ``path``, started by ``name``, in a shield; outside of one where that fails after all.

    SIGINT and SIGQUIT are ignored when we are started: no key may end what stands in for a shell.
    """
    variable, told = _entered()
    for number in _KEYS:
        signal.signal(number, lambda *_: None)  # which the shell has not, unlike one that is ignored
    with suppress(OSError):
        sys.stderr.write(f"{told}\n")
        sys.stderr.flush()
    return program.become([name], variable, path)


def _entered() -> tuple[bytes, str]:
    """The variable that the shell gets, and what its person is told."""
    before = -1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        before = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        made = shield.enter(shield.look())
    except BaseException as error:  # an interrupt, too: whoever logs in gets a shell
        with suppress(OSError):
            kernel.setns(before, kernel.CLONE_NEWNS)
        # that variable keeps it from trying again, for ever
        return errand.UNSHIELDED, f"guardsh: this shell is not shielded: {_line(error)}"
    weakness = f"guardsh: {made.weakness}\n" if made.weakness else ""
    return errand.SHIELDED, weakness + shield.told(made.covered)


def _rehearsed(look: Look) -> str:
    """Enter a shield as the shell would, and say how that went. This process ends with it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # where we hang, nobody waits for the end of what we say
        os.dup2(nothing, stream)
    if os.geteuid() != 0 and not _can_damage(look.covered()):
        return _NOT_NEEDED
    try:
        shield.enter(look)
    except shield.NoShield as error:
        return _line(error)
    return _ENTER


def _can_damage(covered: Covered) -> bool:
    """Whether this account may write there at all: who may not would lose sudo in a user namespace, for nothing."""
    return any(os.access(path, os.W_OK) for path in (*covered.directories, *covered.devices))


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
