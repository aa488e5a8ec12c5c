"""What second names have kept of data directories whose first ones are gone: told, put back, or let go."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

from guardsh.model.saved import Saved, Way
from guardsh.remedies import farm_return, insured
from guardsh.remedies.farm import NAMES, Farm
from guardsh.remedies.farm_ground import NoFarmError, has_farm
from guardsh.remedies.record import NotDoneError
from guardsh.system import proc, processes

_ID = "insured-{}"  # there is one for each directory
_CONTROL = "global/pg_control"


def saved() -> tuple[Saved, ...]:
    """The insured directories of which names are missing, and no server is there to miss them; never raises."""
    found = []
    with contextlib.suppress(OSError, ValueError):
        for directory in insured.wanted():
            lost = lost_from(directory)
            if lost and not _server(directory):
                found.append(_saved(directory, lost))
    return tuple(found)


def lost_from(directory: str) -> int:
    """How many files of a directory nothing but its farms has any more; 0 where there are none."""
    count = 0
    for root in roots(directory):
        with contextlib.suppress(OSError, ValueError, NoFarmError), _recalled(root) as farm:
            count += farm_return.lost(farm)
    return count


def let_go_of_cleared() -> None:
    """Of insured directories that were moved aside, and have no server: what they held has its names there."""
    with contextlib.suppress(OSError, ValueError):
        for directory in insured.wanted():
            if not os.path.lexists(f"{directory}/{_CONTROL}") and not _server(directory) and not lost_from(directory):
                with contextlib.suppress(OSError, NoFarmError):
                    _clear_all(directory)


def put_back(this: Saved) -> None:
    """Put every name back that is missing, and let the farm follow again. Raises OSError and NotDoneError."""
    directory = this.origins[0]
    server = _server(directory)
    if server:
        raise NotDoneError(f"process {server} runs in {directory}: stop it first")
    try:
        for root in reversed(roots(directory)):
            _put_back(root)
    except (NoFarmError, ValueError) as error:
        raise NotDoneError(str(error)) from None


def _put_back(root: str) -> None:
    with _recalled(root) as farm:
        _refuse_another(farm, root)
        farm.branches[""].files.pop("postmaster.pid", None)  # of a server that is gone
        farm_return.restore(farm)
        farm.thaw()


def purge(this: Saved) -> None:
    """Let all go that the farms of the directory keep. Raises OSError and NotDoneError."""
    try:
        _clear_all(this.origins[0])
    except NoFarmError as error:
        raise NotDoneError(str(error)) from None


def _clear_all(directory: str) -> None:
    for root in reversed(roots(directory)):
        if has_farm(root):
            clear(root)


def clear(root: str) -> None:
    """Take one farm away, and what covers it where no other lies there. Raises OSError, NoFarmError."""
    with contextlib.closing(Farm(root)) as farm:
        farm.clear()
        place = os.path.dirname(farm.place)
        if farm.is_last:
            insured.uncover(place)
            with contextlib.suppress(OSError):
                os.rmdir(place)


def roots(directory: str) -> tuple[str, ...]:
    """The directory itself, and where pg_wal and tablespaces lie as the farm remembers it."""
    return (directory, *_elsewhere(directory))


def _elsewhere(directory: str) -> list[str]:
    with contextlib.suppress(OSError, ValueError, NoFarmError), _recalled(directory) as farm:
        return [path for path in farm.outlying() if has_farm(path)]
    return []


@contextlib.contextmanager
def _recalled(root: str) -> Iterator[Farm]:
    if not has_farm(root):
        raise FileNotFoundError(2, "no such farm", root)
    with contextlib.closing(Farm(root)) as farm:
        farm_return.recall(farm)
        yield farm


def _refuse_another(farm: Farm, root: str) -> None:
    """Another cluster may have been made there since: its files are not to be mixed with these."""
    branch = farm.branches.get("global")
    there = proc.identity(f"{root}/{_CONTROL}")
    if branch is None or there is None or there.inode == branch.files.get("pg_control"):
        return
    raise NotDoneError(f"another cluster lies in {root}: move it aside first (guardsh clear {root})")


def _saved(directory: str, lost: int) -> Saved:
    """Uncovered, so that it can be looked at, measured and judged like any other data directory."""
    with _recalled(directory) as farm:
        version = _version(farm)
        place = farm.place
    with contextlib.suppress(OSError):
        insured.uncover(os.path.dirname(place))
    return Saved(
        id=_ID.format(os.path.basename(directory)),
        way=Way.INSURED,
        when=_last_changed(directory),
        origins=(directory,),
        place=f"{place}/{NAMES}",
        operator="guardsh insure",
        what=f"data directory{f', PostgreSQL {version}' if version else ''}: {lost} files that have no other name",
        version=version,
        notes=("what was written over or truncated is not kept",),
    )


def _last_changed(directory: str) -> float:
    """When a name was taken from it, or it from the directory above."""
    with contextlib.suppress(OSError):
        return os.stat(directory).st_mtime
    with contextlib.suppress(OSError):
        return os.stat(os.path.dirname(directory)).st_mtime
    return time.time()


def _version(farm: Farm) -> str | None:
    with contextlib.suppress(OSError, KeyError):
        file = os.open("PG_VERSION", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=farm.branches[""].second)
        with os.fdopen(file, encoding="ascii", errors="replace") as reading:
            return reading.read(16).strip()
    return None


def _server(directory: str) -> int:
    identity = proc.identity(directory)
    pids = (each.pid for each in processes.servers() if each.directory and each.directory.identity == identity)
    return next(pids, 0) if identity is not None else 0
