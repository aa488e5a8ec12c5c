"""Every path under which a directory can be reached here: bind mounts, other mounts of its file system, containers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from guardsh.system import proc
from guardsh.system.mount_table import Mount, is_below, mount_of, mounts_of

_ELSEWHERE = re.compile(r"/proc/(\d+)/(?:root|cwd)(/.*)?")


def aliases(path: str, mounted: list[Mount]) -> tuple[str, ...]:
    """``path`` itself first, links resolved, where it can be reached; then the others, and what is mounted below it.

    ``path`` may lead through /proc/PID/root, to what only a container sees: then where its files lie here.
    """
    found = dict.fromkeys(
        (*_here(path), *(name for place in _inner(path, mounted) for name in _names(*place, mounted)))
    )
    return tuple(found)


def _here(path: str) -> Iterator[str]:
    if not _ELSEWHERE.fullmatch(path) and os.path.isdir(path):
        yield os.path.realpath(path)


def _inner(path: str, mounted: list[Mount]) -> Iterator[tuple[int, str]]:
    """Where in which file system it lies: the number, and the path from its root; and what is mounted below it."""
    path, seen = _seen(path, mounted)
    mount = mount_of(path, seen) if path else None
    if mount is None:
        return
    below = [each for each in seen if each.point != path and is_below(each.point, path)]
    for each, here in ((mount, path), *((each, each.point) for each in below)):
        yield each.number, _join(each.root, os.path.relpath(here, each.point))
        for upper in each.values("upperdir") if each.kind == "overlay" else ():
            # An overlay's files lie in a directory of the node's, which is another mount.
            there = mount_of(upper, mounted)
            if there is not None:
                where = os.path.join(upper, os.path.relpath(here, each.point))
                yield there.number, _join(there.root, os.path.relpath(where, there.point))


def _seen(path: str, mounted: list[Mount]) -> tuple[str, list[Mount]]:
    """The path as whoever is there sees it, and what is mounted for them; "" where we may not know."""
    elsewhere = _ELSEWHERE.fullmatch(path)
    if elsewhere is None:
        return os.path.realpath(path), mounted
    pid = int(elsewhere[1])
    shown = elsewhere[2] or proc.link(f"/proc/{pid}/cwd") or ""
    try:
        return shown, mounts_of(pid)
    except OSError:
        return shown, []


def _names(number: int, inner: str, mounted: list[Mount]) -> Iterator[str]:
    """Where the mounts of one file system show a path of it, or a part of what is below."""
    for mount in mounted:
        if mount.number != number:
            continue
        if is_below(inner, mount.root):
            path = os.path.normpath(os.path.join(mount.point, os.path.relpath(inner, mount.root)))
            if mount_of(path, mounted) is mount and os.path.isdir(path):
                yield path
        elif is_below(mount.root, inner) and os.path.isdir(mount.point):
            yield mount.point


def _join(root: str, rest: str) -> str:
    return os.path.normpath(os.path.join(root, rest))
