"""What a mounted file system has beneath it: block devices, files, or other directories."""

from __future__ import annotations

import os
import stat
from functools import cached_property

from guardsh.model.observed import Known, Unknown
from guardsh.observe.block import Device, Devices
from guardsh.observe.volumes import pools
from guardsh.system.apart import Deadline
from guardsh.system.mount_table import Mount

_ASKING = 1.0  # seconds, where nothing limits the look but whoever waits for it
_MEMORY = frozenset({"tmpfs", "ramfs", "rootfs", "devtmpfs"})
_DELETED = " (deleted)"  # loop_attr_backing_file_show gives file_path(), which marks so what is unlinked


class Footing:
    """The file systems of one node on its devices; ``root`` as of Devices. zpool is asked within ``deadline``."""

    def __init__(self, devices: Devices, root: str = "/", deadline: Deadline | None = None) -> None:
        self._devices = devices
        self._root = root
        self._deadline = deadline
        self._btrfs: dict[str, frozenset[int]] | None = None

    def devices(self, mount: Mount) -> frozenset[int]:
        """The numbers of every block device that holds a part of it."""
        named = [number for path in mount.sources() if (number := self.number(path)) is not None]
        own = [mount.number] if os.major(mount.number) else []
        if mount.kind == "zfs":
            return frozenset(self._zfs.get(mount.source.partition("/")[0], ()))
        if mount.kind == "btrfs":  # its numbers are nobody's, and any of its devices may be the source
            return frozenset(named).union(*(group for group in self._pools().values() if group.intersection(named)))
        return frozenset((*own, *named))

    def btrfs(self, mount: Mount) -> str | None:
        """The directory in /sys of a btrfs file system; None where it cannot be told."""
        here = self.devices(mount)
        return next((path for path, group in self._pools().items() if group & here), None)

    def directories(self, mount: Mount) -> list[str]:
        """Of an overlay: where its files really lie, the writable one first (overlayfs.rst of the kernel)."""
        if mount.kind != "overlay":
            return []
        lower = [path for value in mount.values("lowerdir") for path in value.split(":") if path]
        return [*mount.values("upperdir"), *lower, *mount.values("lowerdir+"), *mount.values("datadir+")]

    def file(self, loop: Device) -> str:
        """The file that a loop device shows as a disk; "" where it has none, or that cannot be read."""
        return self._devices.text(f"{loop.path}/loop/backing_file").removesuffix(_DELETED)

    def is_memory(self, mount: Mount) -> bool:
        return mount.kind in _MEMORY

    def _pools(self) -> dict[str, frozenset[int]]:
        """Each btrfs file system in /sys, with the numbers of its devices that are there."""
        if self._btrfs is None:
            base = os.path.join(self._root, "sys/fs/btrfs")
            paths = [f"{base}/{name}" for name in self._devices.names(base)]
            self._btrfs = {path: self._members(path) for path in paths if os.path.isdir(f"{path}/devices")}
        return self._btrfs

    @cached_property
    def _zfs(self) -> dict[str, frozenset[int]]:
        """Each pool with the numbers of its devices; none where zpool does not tell."""
        seen = pools(self._deadline or Deadline(_ASKING)) if self._root == "/" else Unknown("not of this machine")
        told = seen.value if isinstance(seen, Known) else {}
        numbers = {pool: [self.number(path) for path in paths] for pool, paths in told.items()}
        return {pool: frozenset(number for number in each if number is not None) for pool, each in numbers.items()}

    def _members(self, path: str) -> frozenset[int]:
        found = (self._devices.named(name) for name in self._devices.names(f"{path}/devices"))
        return frozenset(device.number for device in found if device is not None)

    def number(self, path: str) -> int | None:
        """By the node in /dev; in a container, or a captured tree, by the name that the kernel has for it."""
        number = node_number(path) if self._root == "/" else None
        if number is None:
            device = self._devices.named(path.removeprefix("/dev/"))
            number = device.number if device is not None else None
        return number


def node_number(path: str) -> int | None:
    """The number of the block device at a path; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_rdev if stat.S_ISBLK(found.st_mode) else None
