"""The device of the controlling terminal: /dev/tty is one inode for all of them, this is the one at hand."""

from __future__ import annotations

import contextlib
import fcntl
import os


def device_path() -> str | None:
    """Such as /dev/pts/3; None where there is no controlling terminal, or it has no name here."""
    return _path(_number())


def open_device() -> int | None:
    """A descriptor of the device, for locking only; None where this account may not open it (after su)."""
    number = _number()
    path = _path(number)
    if path is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    if os.fstat(descriptor).st_rdev == number:
        return descriptor
    # In a container the path may lead to somebody else's terminal.
    os.close(descriptor)
    return None


def lock(descriptor: int) -> bool:
    """Lock the device against other questions, until ``descriptor`` is closed; False where it is locked."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _number() -> int:
    """Field 7 of /proc/self/stat (proc(5)), which is encoded as a dev_t; 0 without a controlling terminal."""
    with open("/proc/self/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[4]) & 0xFFFFFFFF


def _path(number: int) -> str | None:
    """Pseudo-terminals are the character devices 136 to 143 (Documentation/admin-guide/devices.txt of the kernel);
    the others are named in /sys/dev/char."""
    major, minor = os.major(number), os.minor(number)
    if 136 <= major <= 143:
        return f"/dev/pts/{(major - 136) * 256 + minor}"
    with contextlib.suppress(OSError), open(f"/sys/dev/char/{major}:{minor}/uevent") as file:
        return next((f"/dev/{line[8:].strip()}" for line in file if line.startswith("DEVNAME=")), None)
    return None
