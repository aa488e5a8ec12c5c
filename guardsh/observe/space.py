"""What is left on a mounted file system, and whether it still takes anything: statvfs(3), ext4's error counter."""

from __future__ import annotations

import os
from collections.abc import Iterator

from guardsh.model.figures import size
from guardsh.system import proc
from guardsh.system.mount_table import Mount

_FEW = 0.05  # of all inodes


def notes(mount: Mount, device: str, root: str = "/") -> Iterator[str]:
    """Words for a screen: ``214 GB free of 51.2 TB``. ``device`` is the kernel's name of what it stands on, or "".

    Nothing of what cannot be read. statvfs may hang like any look at a file system.
    """
    if root == "/":
        yield from _left(mount.point)
    yield from _errors(mount, device, root)


def _left(point: str) -> Iterator[str]:
    try:
        found = os.statvfs(point)
    except OSError:
        return
    if found.f_blocks:
        yield f"{size(found.f_bavail * found.f_frsize)} free of {size(found.f_blocks * found.f_frsize)}"
    if found.f_files and found.f_favail < _FEW * found.f_files:  # btrfs and others count none
        yield f"{found.f_favail} of {found.f_files} inodes free"


def _errors(mount: Mount, device: str, root: str) -> Iterator[str]:
    """Since Linux 6.13 ext4 shows ``emergency_ro`` after an error, beside rw; access(2) says nothing of it."""
    if "emergency_ro" in mount.options.split(","):
        yield "read-only after an error"
    count = proc.read(os.path.join(root, f"sys/fs/ext4/{device}/errors_count")).strip() if device else ""
    if count not in ("", "0"):
        yield f"errors on record: {count}"
