"""Which mounted file systems nothing would mount at the next boot: neither /etc/fstab nor a mount unit of systemd."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from guardsh.system.mount_table import Mount, mount_of, mounts, plain

_UNITS = (
    "etc/systemd/system",
    "run/systemd/system",
    "run/systemd/generator",
    "usr/lib/systemd/system",
    "lib/systemd/system",
)
# Mounted by what makes them (ZFS's own service, containers, automount), or meant to last until the next boot.
_BY_ITSELF = frozenset({"zfs", "overlay", "autofs", "rootfs", "tmpfs", "ramfs"})


def by_hand(paths: Iterable[str], root: str = "/") -> tuple[str, ...]:
    """The mount points, other than /, of the file systems on which these paths lie, and that nothing mounts at boot.

    OSError where /proc/self/mountinfo or /etc/fstab may not be read.
    """
    every = mounts(root)
    mounted = [mount for mount in every if not _is_on_itself(mount, every)]
    found = dict.fromkeys(mount_of(os.path.realpath(path), mounted) for path in paths)
    listed = frozenset((*_fstab(root), *_units(root)))
    return tuple(
        mount.point
        for mount in found
        if mount and mount.point != "/" and mount.kind not in _BY_ITSELF and mount.point not in listed
    )


def _is_on_itself(mount: Mount, every: Iterable[Mount]) -> bool:
    """A directory that is mounted on itself (guardsh insure) is where it is without that mount, too."""
    above = next((each for each in every if each.identifier == mount.parent and each.number == mount.number), None)
    if above is None or not mount.root.startswith(above.root):
        return False
    return f"{above.point.rstrip('/')}/{mount.root[len(above.root) :].lstrip('/')}" == mount.point


def _fstab(root: str) -> Iterator[str]:
    """fstab(5): the second field; one with noauto is mounted by nobody."""
    path = os.path.join(root, "etc/fstab")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            fields = line.split()
            if len(fields) >= 3 and not fields[0].startswith("#"):
                options = fields[3].split(",") if len(fields) > 3 else []
                if "noauto" not in options or "x-systemd.automount" in options:
                    yield plain(fields[1]).rstrip("/")


def _units(root: str) -> Iterator[str]:
    """``Where=`` of systemd.mount(5)."""
    for directory in (os.path.join(root, name) for name in _UNITS):
        for name in os.listdir(directory) if os.path.isdir(directory) else ():
            if name.endswith((".mount", ".automount")):
                yield from _where(os.path.join(directory, name))


def _where(path: str) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            yield from (line.partition("=")[2].strip().rstrip("/") for line in file if line.startswith("Where="))
    except OSError:  # a masked or dangling unit mounts nothing
        return
