"""guardsh shell: become a shell, or a command, that can damage no data directory; the kernel sees to it.

A mount namespace of its own makes the directories read only; without the capabilities below, and in a Landlock domain,
nothing in it can undo that. docs/shield.md says what each of the three is for.
"""

from __future__ import annotations

import os
import pwd
import socket
from contextlib import suppress
from dataclasses import dataclass

from guardsh.observe.shielded import Covered, Look
from guardsh.operations import broker
from guardsh.policy import config
from guardsh.system import capabilities, errand, landlock, program, ward
from guardsh.system.capabilities import Capability

# What undoes a mount namespace, or goes around it: mounts, other namespaces, file systems' own ioctls (SYS_ADMIN);
# processes outside (SYS_PTRACE, CHECKPOINT_RESTORE); files by handle (DAC_READ_SEARCH; root's DAC_OVERRIDE reads as
# ever); other nodes of a device (MKNOD); memory and the bus (SYS_RAWIO); the kernel (SYS_MODULE, SYS_BOOT).
GIVEN_UP = tuple(Capability)


class NoShield(Exception):  # noqa: N818 (the kernel's answer, for the operator)
    """There can be no shield here, and why."""


@dataclass(frozen=True, slots=True)
class Shield:
    """What is covered, and what could not be closed, as a sentence or nothing."""

    covered: Covered
    weakness: str


def become(words: list[bytes]) -> int:
    """Replace this process by the program; 126 or 127 where that fails."""
    return program.become(words, also=errand.SHIELDED)


def shell() -> list[bytes]:
    """The caller's own."""
    own = os.environb.get(b"SHELL") or os.fsencode(pwd.getpwuid(os.getuid()).pw_shell)
    return [own if own and os.access(own, os.X_OK) else b"/bin/sh"]


def look() -> Look:
    """What is to be covered by the configuration here."""
    policy = config.in_force()
    return Look(policy.data_directories, policy.deadline)


def enter(look: Look) -> Shield:
    """Put this process into a shield, for good, with a broker outside. ``look`` says what is to be covered, now and
    again later. Raises NoShield; then this process must end."""
    with suppress(OSError):
        os.mkdir(f"/tmp/tmux-{os.geteuid()}", 0o700)  # noqa: S108 (as tmux does: from the first on ours is one of its own)
    covered = look.covered()
    door = broker.start(look)
    try:
        ward.separate(account=os.geteuid() != 0)
    except OSError as error:
        raise NoShield(_why_none(error)) from error
    broker.cover(covered)
    _hand_over(door)
    weakness = _lock()
    return Shield(covered, weakness)


def told(covered: Covered) -> str:
    """What is read only now, in a line for whoever is in there."""
    count = len(covered.directories)
    what = f"read only here: {', '.join(covered.directories[:3])}{f' and {count - 3} more' if count > 3 else ''}"
    sudo = "" if os.geteuid() == 0 else "; sudo does not work in here"
    return f"guardsh: {what if count else 'no data directory on this node yet'}{sudo}"


def _hand_over(door: socket.socket) -> None:
    """Tell the broker where we are; from its answer on it is there for whoever asks."""
    names = ("mnt", "user") if os.geteuid() != 0 else ("mnt",)
    descriptors = [os.open(f"/proc/self/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in names]
    with door:
        socket.send_fds(door, [b"n"], descriptors)
        for each in descriptors:
            os.close(each)
        if door.recv(1) != b"y":
            raise NoShield("its broker did not start")


def _lock() -> str:
    weakness = ""
    if landlock.version() >= landlock.LEAST:
        landlock.keep_apart()
    else:
        weakness = (
            "this kernel has no Landlock 2 (Linux 5.19): a program run here as the server's own account can still "
            "reach its files through /proc"
        )
    capabilities.give_up(GIVEN_UP)
    return weakness


def _why_none(error: OSError) -> str:
    what = (error.strerror or str(error)).lower()
    if os.geteuid() == 0:
        return f"could not make a mount namespace: {what}"
    return f"this kernel gives an ordinary account no namespaces of its own: {what}\nhint: as root: sudo guardsh shell"
