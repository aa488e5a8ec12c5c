"""Which data directories are insured, how that goes, and what was allowed to vanish from them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
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
_COVER = "guardsh"  # the source of the mounts that cover farms
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
    healed: float | None = None  # when the last time was, in seconds since the epoch

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


def let_allow(uid: int) -> None:
    """Make a place for the allowances of this account: the owner of a data directory, who may delete it anyway.
    Raises OSError."""
    place = f"{ALLOWANCES}/{uid}"
    os.makedirs(place, mode=0o755, exist_ok=True)
    os.chmod(place, 0o700)
    os.chown(place, uid, -1)


def allow(of: Identity, pid: int) -> None:
    """What this process, or the command that it becomes, takes from this directory was confirmed. Raises OSError, for
    an account without a place for that, too."""
    if os.geteuid() == 0:
        let_allow(0)
    name = f"{ALLOWANCES}/{os.geteuid()}/{_key(of)}.{pid}.{_start(pid)}"
    os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))


def is_allowed(of: Identity, owner: int, pid: int) -> bool:
    """Whether root or the directory's owner has allowed it to that process, or to one that it descends from."""
    for place in {f"{ALLOWANCES}/{uid}" for uid in (0, owner)}:
        with contextlib.suppress(OSError):
            for name in os.listdir(place):
                key, _, holder = name.partition(".")
                if key == _key(of) and _holds(holder, f"{place}/{name}", pid):
                    return True
    return False


def _holds(holder: str, path: str, pid: int) -> bool:
    """An allowance ends with its process; what that itself has done just before is still being told of."""
    allowed, _, start = holder.partition(".")
    if not allowed.isdecimal():
        return False
    if _start(int(allowed)) == start:
        return _start(pid) is None or _descends(pid, int(allowed))
    with contextlib.suppress(OSError):
        if time.time() - os.lstat(path).st_mtime > _AFTERWARDS:
            os.unlink(path)
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
        kernel.mount(_COVER, place, "tmpfs", kernel.MS_RDONLY | kernel.MS_NODEV | kernel.MS_NOEXEC, "mode=700")


def uncover(place: str) -> None:
    """Raises OSError."""
    if os.path.ismount(place):
        kernel.umount(place, kernel.MNT_DETACH)


@contextmanager
def lifted(paths: Iterable[str]) -> Iterator[None]:
    """Inside the ``with`` block insured directories are not mounted on themselves, where one of the paths is such a
    one, or lies below or above it: rename(2) crosses no mount. Raises OSError."""
    concerned = tuple(paths)
    near = [each for each in _wanted() if any(_are_related(each, path) for path in concerned)]
    held = [each for each in near if mounts_on_itself(each)]
    covered = _covers_below(concerned) if held else []
    for directory in held:
        lift(directory)
    for place in covered:
        uncover(place)
    try:
        yield
    finally:
        for again, places in ((hold, held), (cover, covered)):
            for place in filter(os.path.isdir, places):
                with contextlib.suppress(OSError):
                    again(place)


def is_held(directory: str) -> bool:
    """Whether it is insured, and mounted on itself for that. Raises OSError."""
    return directory in _wanted() and mounts_on_itself(directory) > 0


def _wanted() -> tuple[str, ...]:
    """None for who could not mount anyway."""
    with contextlib.suppress(OSError, ValueError):
        if os.geteuid() == 0:
            return tuple(wanted())
    return ()


def _covers_below(paths: Iterable[str]) -> list[str]:
    tops = tuple(f"{path.rstrip('/')}/" for path in paths)
    return [each.point for each in standing.mounts() if each.source == _COVER and each.point.startswith(tops)]


def _are_related(one: str, other: str) -> bool:
    return os.path.commonpath((one, other)) in (one, other)


def _key(of: Identity) -> str:
    return f"{of.device}-{of.inode}"
