"""A login shell that becomes a shielded one: tried first, in a child; and whatever happens, there is a shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from guardsh.model.observed import Unknown
from guardsh.observe.shielded import Covered, Look
from guardsh.operations import shield
from guardsh.system import errand, kernel, program
from guardsh.system.apart import Deadline, apart

_PATIENCE = 10.0  # seconds: less than that of the shells (shell-integrations/login.sh)
_ENTER, _INSIDE, _NOT_NEEDED = "enter", "inside", "not needed"


def tried(look: Look, shell: int) -> str:
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
    said = apart(partial(_rehearsed, look), Deadline(_PATIENCE))
    if isinstance(said, Unknown):
        return said.why
    return f"{_ENTER} {path}" if said.value == _ENTER else said.value


def become(look: Callable[[], Look], name: bytes, path: bytes) -> int:
    """Become the shell at ``path``, started by ``name``, in a shield; outside of one where that fails after all."""
    before = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    try:
        made = shield.enter(look())
    except BaseException as error:  # an interrupt, too: whoever logs in gets a shell
        with suppress(OSError):
            kernel.setns(before, kernel.CLONE_NEWNS)
        sys.stderr.write(f"guardsh: this shell is not shielded: {_line(error)}\n")
        return program.become([name], errand.UNSHIELDED, path)  # so it does not try again, for ever
    if made.weakness:
        sys.stderr.write(f"guardsh: {made.weakness}\n")
    sys.stderr.write(f"{shield.told(made.covered)}\n")
    return program.become([name], errand.SHIELDED, path)


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
