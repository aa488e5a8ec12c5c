"""The emergency brake: the server held still, and its disks kept from any further write."""

from __future__ import annotations

import errno
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from guardsh import guard, judge
from guardsh.judge import Wishes
from guardsh.model.verdict import Accepted
from guardsh.observe import outlying
from guardsh.operations.salvage import accident, hold, report
from guardsh.operations.salvage.hold import Held, NothingToHold
from guardsh.screen.plain import safe
from guardsh.system import kernel, mount_table, processes, terminal
from guardsh.system.mount_table import Mount

DONE, INCOMPLETE, REFUSED = 0, 1, 77
# What the machine, guardsh, and whoever repairs need to be written, or everything hangs.
_NEEDED = ("/", "/etc", "/var", "/var/log", "/var/lib", "/run", "/tmp", "/home", "/root", "/usr", "/dev/shm")  # noqa: S108
_FLAGS = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME  # the same numbers as MS_…


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system that data lies on; ``needed`` is what else is on it and forbids to freeze it, or ""."""

    mount: Mount
    needed: str


def disks(directory: str) -> tuple[Disk, ...]:
    """The file systems of a data directory, its pg_wal and its tablespaces, each once."""
    places = [directory, *(place.path for place in outlying.tablespaces(directory))]
    wal = outlying.wal(directory)
    found = [mount_table.opened(_existing(path)) for path in [*places, *([wal.path] if wal else [])]]
    once = {mount.device: mount for mount in found if mount is not None}
    return tuple(Disk(mount, _needed_for(mount)) for mount in once.values())


def instance(directory: str | None) -> str:
    """The data directory: as given, or of the only server of this node, or of the only one that an accident has hit.
    Raises NothingToHold."""
    if directory is not None:
        return os.path.abspath(directory)
    running = [server for server in processes.servers() if server.directory is not None]
    hit = [server for server in running if server.directory_deleted] or running
    if len(hit) != 1:
        named = ", ".join(server.directory.path for server in hit if server.directory)
        raise NothingToHold(f"which one: {named}" if named else "no server runs on this node: name a data directory")
    assert hit[0].directory is not None
    return hit[0].directory.path


def plan(directory: str, found: Sequence[Disk]) -> list[str]:
    """What would be done, in order, and what must not be."""
    where = shlex.quote(directory)
    steps = [
        "1. The HA manager of this instance is stopped (SIGSTOP): it would end the server, or write into its place.",
        f"2. The server of {where} is stopped (SIGSTOP). It is not ended: its open files are data.",
    ]
    for disk in found:
        point = disk.mount.point
        if disk.needed:
            steps.append(f"3. {point} is left writable: {disk.needed} lies on it, and the machine would hang.")
        else:
            steps.append(
                f"3. {point} is remounted read-only; where open files forbid that, as those of the server do, it is"
                " frozen (fsfreeze): reads work, writes wait."
            )
    return [
        *steps,
        "Do not stop: the server's processes, a salvage, this session. Do stop: whatever else writes there.",
        f"Undone with: guardsh freeze --thaw {where}, and then guardsh salvage --continue {where}",
    ]


def freeze(directory: str | None, wishes: Wishes) -> int:
    """Say, ask for host and role, and do it; the exit status."""
    try:
        where = instance(directory)
    except NothingToHold as error:
        return _refuse(str(error))
    found = disks(where)
    _say(report.laid_out(plan(where, found)))
    if wishes.dry_run:
        return DONE
    early = _hold_early(where)
    if not _may(where, wishes):
        if early is not None:
            _say(report.laid_out([*report.standing(early), *report.letting_go(early)]))
        return REFUSED
    return _brake(where, early, found)


def thaw(directory: str | None) -> int:
    """Make the disks writable again; the server stays as it is. The exit status."""
    try:
        where = instance(directory)
    except NothingToHold as error:
        return _refuse(str(error))
    said = [_thawed(disk.mount) for disk in disks(where)]
    _say([*said, f"hint: the server stays stopped; to let it go on: guardsh salvage --continue {shlex.quote(where)}"])
    return DONE


def _may(directory: str, wishes: Wishes) -> bool:
    """Asked as for `fsfreeze --freeze`, which takes the disk away from a server; where nobody is there it takes
    --confirm, whatever policy says of stopping a server unattended."""
    if wishes.confirm is None and not terminal.caller().attended:
        _refuse("the emergency brake is confirmed by a person, or with --confirm 'HOST ROLE'")
        return False
    cases = judge.words(("fsfreeze", "--freeze", directory), wishes)
    answer = guard.settle(cases, wishes) if guard.said_of(cases) else Accepted("")
    for case in cases:
        guard.record(case, wishes, answer)
    return isinstance(answer, Accepted)


def _hold_early(directory: str) -> Held | None:
    """After an accident the clock is running, and stopping loses nothing: it is held, and stays so whatever the answer.
    Otherwise the answer comes first."""
    try:
        held = hold.hold(directory)
    except NothingToHold:
        return None
    if held.accident.server is None or accident.missing(held.accident):
        return held
    hold.release(held)
    return None


def _brake(directory: str, early: Held | None, found: Sequence[Disk]) -> int:
    try:
        held = early or hold.hold(directory)
    except NothingToHold as error:
        return _refuse(str(error))
    results = [_held_writes(disk) for disk in found]
    _say(report.laid_out([*report.standing(held), *report.letting_go(held), *(text for text, _ in results)]))
    return DONE if all(done for _, done in results) else INCOMPLETE


def _held_writes(disk: Disk) -> tuple[str, bool]:
    point = disk.mount.point
    if disk.needed:
        return f"{point} stays writable: {disk.needed} lies on it", False
    try:
        kernel.mount(None, point, None, kernel.MS_REMOUNT | kernel.MS_RDONLY | _flags(point))
    except OSError as error:
        if error.errno != errno.EBUSY:
            return f"could not remount {point} read-only: {_reason(error)}", False
        return _frozen(point)
    return f"{point} is read-only", True


def _frozen(point: str) -> tuple[str, bool]:
    try:
        _on(point, kernel.freeze)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return f"{point} was frozen before", True
        return f"could not freeze {point}: {_reason(error)}", False
    return f"{point} has files open for writing, and is frozen: reads work, writes wait", True


def _thawed(mount: Mount) -> str:
    try:
        _on(mount.point, kernel.thaw)
    except OSError as error:
        if error.errno != errno.EINVAL:
            return f"could not thaw {mount.point}: {_reason(error)}"
    else:
        return f"{mount.point} is thawed"
    if "ro" not in mount.options.split(","):
        return f"{mount.point} is writable"
    try:
        kernel.mount(None, mount.point, None, kernel.MS_REMOUNT | _flags(mount.point))
    except OSError as error:
        return f"could not remount {mount.point} writable: {_reason(error)}"
    return f"{mount.point} is writable again"


def _needed_for(mount: Mount) -> str:
    from guardsh import __file__ as own

    paths = (*_NEEDED, os.path.dirname(own), sys.prefix, os.path.expanduser("~"), os.environ.get("TMPDIR", "/tmp"))  # noqa: S108
    return next((path for path in paths if os.path.exists(path) and mount_table.file_system(path) == mount.device), "")


def _existing(path: str) -> str:
    """Of a directory that has been removed, what is left above it."""
    while not os.path.lexists(path) and path != "/":
        path = os.path.dirname(path)
    return path


def _flags(point: str) -> int:
    """Those of the mount, which a remount would take away. ST_RELATIME is not the number of MS_RELATIME."""
    now = os.statvfs(point).f_flag
    return now & _FLAGS | (kernel.MS_RELATIME if now & os.ST_RELATIME else 0)


def _on(point: str, call: Callable[[int], None]) -> None:
    descriptor = os.open(point, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        call(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _refuse(why: str) -> int:
    _say([f"guardsh: {why}"])
    return REFUSED


def _say(lines: Sequence[str]) -> None:
    sys.stderr.write("".join(f"{safe(line)}\n" for line in lines))
