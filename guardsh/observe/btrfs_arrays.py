"""btrfs file systems over several devices as arrays, by /sys/fs/btrfs."""

from __future__ import annotations

import os
import re

from guardsh.model.storage import Array, Health, Member, Progress
from guardsh.observe import btrfs
from guardsh.observe.block import Devices

_ERRORS = re.compile(r"^(\w+)_errs ([1-9]\d*)$", re.MULTILINE)
_ACTIONS = {"balance": "balance", "balance paused": "balance", "device replace": "recovery", "device remove": "removal"}


def arrays(root: str = "/") -> tuple[Array, ...]:
    """Every mounted file system that has, or should have, more than one device."""
    devices = Devices(root)
    base = os.path.join(root, "sys/fs/btrfs")
    found = (f"{base}/{name}" for name in sorted(devices.names(base)) if os.path.isdir(f"{base}/{name}/devinfo"))
    return tuple(_array(path, devices) for path in found if len(devices.names(f"{path}/devinfo")) > 1)


def _array(path: str, devices: Devices) -> Array:
    seen = btrfs.look(path, devices)
    numbers = sorted(devices.names(f"{path}/devinfo"), key=int)
    missing = seen.missing or ()
    members = tuple(
        Member(f"device {number}", None, "missing" if number in missing else "in_sync") for number in numbers
    )
    uuid = os.path.basename(path)
    return Array(
        name=devices.text(f"{path}/label") or uuid,
        level=f"btrfs {'+'.join(sorted(seen.profiles))}".rstrip(),
        health=_health(seen),
        expected=len(numbers),
        working=len(numbers) - len(missing),
        members=members,
        progress=_progress(devices.text(f"{path}/exclusive_operation")),
        read_only="",
        source=f"/sys/fs/btrfs/{uuid}",
        doubts=tuple(doubt for number in numbers for doubt in _errors(number, f"{path}/devinfo/{number}", devices)),
        lone=() if seen.spare or not missing else tuple(each.device for each in members if each.state == "in_sync"),
        metadata="btrfs",
        uuid=uuid.replace("-", ""),
    )


def _health(seen: btrfs.Btrfs) -> Health:
    if not seen.missing:
        return Health.CLEAN
    return Health.DEGRADED if btrfs.tolerated(seen.profiles) >= len(seen.missing) else Health.FAILED


def _progress(operation: str) -> Progress | None:
    """How far it is, only its own tools tell."""
    action = _ACTIONS.get(operation)
    return Progress(0, 0, None, "paused" if operation.endswith("paused") else "", action) if action else None


def _errors(number: str, path: str, devices: Devices) -> list[str]:
    """Counters that say of a device that is missing: none (Linux 6.1)."""
    found = _ERRORS.findall(devices.text(f"{path}/error_stats"))
    return [f"device {number} has had {count} {kind} errors" for kind, count in found]
