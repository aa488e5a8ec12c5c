"""A mounted btrfs file system as /sys/fs/btrfs/UUID tells it: how it keeps its data, and which devices are missing."""

from __future__ import annotations

import os
from dataclasses import dataclass

from guardsh.observe.block import Devices

# Devices that a profile can do without (mkfs.btrfs(8), PROFILES); the others, single, dup and raid0, without none.
_SPARE = {"raid1": 1, "raid10": 1, "raid5": 1, "raid6": 2, "raid1c3": 2, "raid1c4": 3}
_KINDS = ("data", "metadata", "system")


@dataclass(frozen=True, slots=True)
class Btrfs:
    """``profiles`` are those in use; ``missing`` the numbers of devices that are not there, None where nothing tells
    (devinfo came with Linux 5.14; `btrfs device stats` has zeros for a device that is missing)."""

    profiles: frozenset[str]
    missing: tuple[str, ...] | None

    @property
    def spare(self) -> int:
        """Devices that it can lose from now on with all data left."""
        if self.missing is None:
            return 0
        return max(0, tolerated(self.profiles) - len(self.missing))


def tolerated(profiles: frozenset[str]) -> int:
    """Devices that all of these profiles can do without."""
    return min((_SPARE.get(name, 0) for name in profiles), default=0)


def look(path: str, devices: Devices) -> Btrfs:
    """``path`` is its directory in /sys (fs/btrfs/sysfs.c: each profile in use is a directory of its kind)."""
    kinds = [f"{path}/allocation/{kind}" for kind in _KINDS]
    profiles = frozenset(name for kind in kinds for name in devices.names(kind) if os.path.isdir(f"{kind}/{name}"))
    numbers = sorted(devices.names(f"{path}/devinfo"))
    missing = tuple(number for number in numbers if devices.text(f"{path}/devinfo/{number}/missing") == "1")
    return Btrfs(profiles, missing if numbers else None)
