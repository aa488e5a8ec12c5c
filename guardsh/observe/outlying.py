"""Where an instance's paths leave its directory: pg_wal, tablespaces, and the symbolic links on the way."""

from __future__ import annotations

import os
from collections.abc import Iterable

from guardsh.model.data_directory import Moved
from guardsh.model.finding import Part
from guardsh.model.place import Identity, Place
from guardsh.observe.parts import part_of
from guardsh.system.proc import identity

_WAL = ("pg_wal", "pg_xlog")  # pg_xlog until 9.6
_MOVABLE = (Part.DATA, Part.TRANSACTIONS)
_MOST_LINKS = 40  # as the kernel: path_resolution(7)


def wal(directory: str) -> Place | None:
    """Where pg_wal leads, if it is a link."""
    for name in _WAL:
        if os.path.islink(f"{directory}/{name}"):
            return resolved(f"{directory}/{name}")
    return None


def tablespaces(directory: str) -> tuple[Place, ...]:
    """Where the links of pg_tblspc lead; none where they cannot be listed."""
    return tuple(resolved(link) for link in tablespace_links(directory))


def tablespace_links(directory: str) -> list[str]:
    """The links of pg_tblspc themselves. A tablespace in place (allow_in_place_tablespaces) is a directory."""
    try:
        names = sorted(os.listdir(f"{directory}/pg_tblspc"))
    except OSError:
        return []
    return [link for name in names if os.path.islink(link := f"{directory}/pg_tblspc/{name}")]


def moved(directory: str) -> tuple[Moved, ...]:
    """The links at the top level that stand for other data (base, pg_xact …); none where they cannot be listed."""
    try:
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in entries if entry.is_symlink() and part_of((entry.name,)) in _MOVABLE)
    except OSError:
        return ()
    return tuple(Moved(name, resolved(f"{directory}/{name}")) for name in names)


def resolved(path: str) -> Place:
    """What a path leads to, links followed; without an identity where nothing can be seen."""
    try:
        real = os.path.realpath(path)
    except PermissionError:  # a link of another account's process in /proc, until Python 3.12
        real = path
    return Place(real, identity(real))


def links(paths: Iterable[str]) -> tuple[Place, ...]:
    """Every symbolic link that the kernel follows on these ways, each the link itself: its own path and identity."""
    return tuple(dict.fromkeys(link for path in paths for link in _links_on(absolute(path))))


def absolute(path: str) -> str:
    """The working directory may be gone, and most paths do not need it."""
    return path if path.startswith("/") else os.path.join(os.getcwd(), path)


def _links_on(path: str) -> list[Place]:
    found: list[Place] = []
    here, ahead = "/", _components(path)
    while ahead and len(found) < _MOST_LINKS:
        step = os.path.normpath(os.path.join(here, ahead.pop()))  # ``here`` is resolved, so its parent is above it
        try:
            target, status = os.readlink(step), os.lstat(step)
        except OSError:  # not a link, or nothing to be seen
            here = step
            continue
        found.append(Place(step, Identity(status.st_dev, status.st_ino)))
        ahead += _components(target)
        here = "/" if target.startswith("/") else here
    return found


def _components(path: str) -> list[str]:
    """Last first, to be popped one by one."""
    return [each for each in reversed(path.split("/")) if each not in ("", ".")]
