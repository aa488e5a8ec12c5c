"""Which data directories are insured, how that goes, and what was allowed to vanish from them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from guardsh.model.place import Identity
from guardsh.system import kernel, proc, standing

LIST = "/var/lib/guardsh/insured.json"
REPORTS = "/run/guardsh/insured"
ALLOWANCES = "/run/guardsh/allowed"
NO_KEEPER = "no keeper"  # the last word of one that ends
_AFTERWARDS = 3600.0  # seconds that an allowance may lie about whose process has ended
_FRESH = 5.0  # seconds after which a report tells of a keeper that is gone


class Mode(Enum):
    """What happens when names vanish that nobody may delete."""

    HEAL = "heal"  # the server is held still, the names are put back, it goes on
    FREEZE = "freeze"  # the server is held still, and that is said


@dataclass(frozen=True, slots=True)
class Report:
    """How the insurance of one directory goes. ``files`` of ``names`` have a second name; ``trouble`` is a sentence, or
    empty; ``written`` in seconds since the epoch."""

    directory: str
    mode: str
    keeper: int  # pid
    server: int | None  # pid
    names: int
    files: int
    heals: int
    trouble: str
    written: float

    @property
    def is_fresh(self) -> bool:
        return time.time() - self.written < _FRESH


def wanted() -> dict[str, Mode]:
    """The insured directories. Raises OSError and ValueError where the list cannot be read; without one, none are."""
    try:
        with open(LIST, encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_uid != 0 or os.fstat(file.fileno()).st_mode & 0o022:
                raise ValueError(f"{LIST} can be written by others than root")
            return {str(path): Mode(mode) for path, mode in json.load(file).items()}
    except FileNotFoundError:
        return {}


@contextmanager
def _alone() -> Iterator[None]:
    os.makedirs(os.path.dirname(LIST), mode=0o755, exist_ok=True)
    with open(f"{LIST}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def add(directory: str, mode: Mode) -> None:
    """Insure one more, or in another mode. Raises as ``wanted`` and ``want``."""
    with _alone():
        want({**wanted(), directory: mode})


def remove(directory: str) -> None:
    """Insure one less. Raises as ``wanted`` and ``want``."""
    with _alone():
        want({path: mode for path, mode in wanted().items() if path != directory})


def want(directories: Mapping[str, Mode]) -> None:
    """Write the list down. Raises OSError."""
    os.makedirs(os.path.dirname(LIST), mode=0o755, exist_ok=True)
    with open(f"{LIST}.new", "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o644)
        json.dump({path: mode.value for path, mode in directories.items()}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.rename(f"{LIST}.new", LIST)


def report(of: Identity, this: Report) -> None:
    """For `guardsh status`. Raises OSError."""
    os.makedirs(REPORTS, mode=0o755, exist_ok=True)
    path = f"{REPORTS}/{_key(of)}"
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o644)
        json.dump(asdict(this), file)
    os.rename(f"{path}.new", path)


def reports() -> tuple[Report, ...]:
    """The last word of every keeper; never raises."""
    found = []
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(REPORTS)):
            with (
                contextlib.suppress(OSError, ValueError, TypeError),
                open(f"{REPORTS}/{name}", encoding="utf-8") as file,
            ):
                content: dict[str, Any] = json.load(file)
                found.append(Report(**content))
    return tuple(found)


def allow(of: Identity, pid: int) -> None:
    """What this process, or the command that it becomes, takes from this directory was confirmed. Raises OSError."""
    os.makedirs(ALLOWANCES, mode=0o700, exist_ok=True)
    name = f"{_key(of)}.{pid}.{_start(pid)}"
    os.close(os.open(f"{ALLOWANCES}/{name}", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))


def is_allowed(of: Identity, pid: int) -> bool:
    """Whether that process, or one that it descends from, was allowed to."""
    try:
        names = os.listdir(ALLOWANCES)
        if os.lstat(ALLOWANCES).st_uid != 0:
            return False
    except OSError:
        return False
    for name in names:
        key, _, holder = name.partition(".")
        if key == _key(of) and _holds(holder, name, pid):
            return True
    return False


def _holds(holder: str, name: str, pid: int) -> bool:
    """An allowance ends with its process; what that itself has done just before is still being told of."""
    allowed, _, start = holder.partition(".")
    if _start(int(allowed)) == start:
        return _start(pid) is None or _descends(pid, int(allowed))
    with contextlib.suppress(OSError):
        if time.time() - os.lstat(f"{ALLOWANCES}/{name}").st_mtime > _AFTERWARDS:
            os.unlink(f"{ALLOWANCES}/{name}")
    return pid == int(allowed) and _start(pid) is None


def _start(pid: int) -> str | None:
    """When it was started, in ticks since boot; None where it has ended."""
    process = proc.parse_stat(proc.read(f"/proc/{pid}/stat"))
    return None if process is None or process.state in "ZXx" else str(process.ticks)


def _descends(pid: int, above: int) -> bool:
    while pid > 1 and pid != above:
        process = proc.parse_stat(proc.read(f"/proc/{pid}/stat"))
        pid = process.parent if process is not None else 0
    return pid == above


def mounts_on_itself(directory: str) -> int:
    """How often a directory is mounted on itself: not the whole file system is mounted there. Raises OSError."""
    return sum(each.point == directory and each.root != "/" for each in standing.mounts())


def lift(directory: str) -> None:
    """Take the mount of a directory on itself away: its names can be moved again. Raises OSError."""
    for _ in range(mounts_on_itself(directory)):
        kernel.umount(directory, kernel.MNT_DETACH)


def hold(directory: str) -> None:
    """Mount a directory on itself, once: its inode cannot be removed or renamed. Raises OSError."""
    if not mounts_on_itself(directory):
        kernel.mount(directory, directory, None, kernel.MS_BIND)


def cover(place: str) -> None:
    """Lay something empty that cannot be written over the farms that lie there: nobody reaches them by their names.
    Raises OSError."""
    if not os.path.ismount(place):
        kernel.mount("guardsh", place, "tmpfs", kernel.MS_RDONLY | kernel.MS_NODEV | kernel.MS_NOEXEC, "mode=700")


def uncover(place: str) -> None:
    """Raises OSError."""
    if os.path.ismount(place):
        kernel.umount(place, kernel.MNT_DETACH)


@contextmanager
def lifted(directory: str) -> Iterator[None]:
    """Without its mount on itself inside the ``with`` block, where it had one. What this process takes from it is
    allowed."""
    held = mounts_on_itself(directory) > 0
    if held:
        status = os.stat(directory)
        allow(Identity(status.st_dev, status.st_ino), os.getpid())
        lift(directory)
    try:
        yield
    finally:
        if held and os.path.isdir(directory):
            with contextlib.suppress(OSError):
                hold(directory)


def _key(of: Identity) -> str:
    return f"{of.device}-{of.inode}"
