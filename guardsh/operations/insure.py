"""guardsh insure: second names for a data directory, turned on, off, or told of."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time

from guardsh.remedies import farm_ground, farms, insured, keeping
from guardsh.remedies.farm_ground import NoFarmError
from guardsh.remedies.insured import Mode, Report
from guardsh.system import proc, processes, state_place

_BUILT = 60.0  # seconds
_ENDED = 10.0  # seconds


class InsureError(Exception):
    """Why not; one sentence."""


def on(directory: str, mode: Mode) -> Report | None:
    """Insure a data directory; the keeper's first report, None where there is none yet. Raises InsureError, OSError."""
    path = _checked(directory)
    _retire(path, mode)
    insured.add(path, mode)
    _start()
    return keeping.await_report(path, _BUILT)


def off(directory: str) -> None:
    """Insure it no longer: its second names and its mount on itself are taken away. Raises InsureError, OSError."""
    _need_root()
    path = os.path.realpath(directory)
    if path not in insured.wanted():
        raise InsureError(f"{path} is not insured")
    lost = farms.lost_from(path)
    if lost and not os.path.lexists(f"{path}/global/pg_control"):
        ways = f"guardsh undo brings them back, guardsh moved purge insured-{os.path.basename(path)} lets them go"
        raise InsureError(f"{lost} files of {path} are nowhere but in its farm: {ways}")
    insured.remove(path)
    _await_end(path)
    insured.lift(path)
    for root in reversed(farms.roots(path)):
        with contextlib.suppress(NoFarmError):
            if farm_ground.has_farm(root):
                farms.clear(root)


def every_insured() -> list[str]:
    """Raises OSError and ValueError where the list cannot be read."""
    return sorted(insured.wanted())


def off_everywhere() -> list[str]:
    """Insure nothing any longer; why, of what that was not possible. Raises OSError and ValueError."""
    left = []
    for directory in every_insured():
        try:
            off(directory)
        except (InsureError, OSError) as error:
            left.append(f"{directory} is still insured: {error}")
    return left


def every_instance() -> tuple[str, ...]:
    """The data directories in which servers run now."""
    found = (server.directory.path for server in processes.servers() if server.directory is not None)
    return tuple(dict.fromkeys(found))


def _checked(directory: str) -> str:
    _need_root()
    path = os.path.realpath(directory)
    if not os.path.lexists(f"{path}/global/pg_control"):
        raise InsureError(f"{path} is no data directory: it has no global/pg_control")
    above, name = os.path.split(path)
    try:
        os.close(farm_ground.view(above, name))
    except NoFarmError as error:
        raise InsureError(str(error)) from None
    return path


def _need_root() -> None:
    if os.geteuid() != 0 or not _owns_machine():
        where = "" if os.geteuid() else " of the machine, not of a user namespace"
        raise InsureError(f"NOT insured: this takes root{where}: it mounts, and holds servers of other accounts still")


def _owns_machine() -> bool:
    """Whether root here is root there (user_namespaces(7)): fanotify with names, and mounts, take that."""
    return proc.read("/proc/self/uid_map").split()[:2] in ([], ["0", "0"])


def _retire(path: str, mode: Mode) -> None:
    """The keeper that has it in another mode."""
    if insured.wanted().get(path, mode) is not mode:
        insured.remove(path)
        _await_end(path)


def _await_end(path: str) -> None:
    end = time.monotonic() + _ENDED
    while time.monotonic() < end and any(_is_kept(each) for each in insured.reports() if each.directory == path):
        time.sleep(0.05)


def _is_kept(report: Report) -> bool:
    return report.is_fresh and report.trouble != insured.NO_KEEPER and os.path.exists(f"/proc/{report.keeper}")


def _start() -> None:
    if os.path.isdir("/run/systemd/system") and os.path.lexists(state_place.INSURANCE_ENABLED):
        subprocess.run(["systemctl", "start", "--no-block", state_place.INSURANCE], check=False)
    else:
        keeping.revive()
