"""The nodes in /dev through which the devices beneath a data directory can be written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from glob import glob

from guardsh.model.observed import Known
from guardsh.model.stack import Stack, layers
from guardsh.observe.block import Devices
from guardsh.system.mount_table import Mount

_NOT_OF_DEVICES = frozenset({"shm", "pts", "mqueue", "hugepages", "fd"})
# Passed through to the drive, past the block layer: SCSI generic, block SCSI generic, NVMe generic.
_PASSING = ("device/scsi_generic/*", "device/bsg/*", "device/*/ng*", "../ng*")


def nodes(stacks: tuple[Stack, ...], mounted: list[Mount]) -> tuple[str, ...]:
    """Of every volume, array, member, partition and disk in these stacks, under every name in every /dev."""
    numbers = {
        _number(layer.number)
        for stack in stacks
        if isinstance(stack.top, Known)
        for layer in layers(stack.top.value)
        if layer.number
    }
    if not numbers:
        return ()
    devices = Devices()
    wanted = {(stat.S_IFBLK, number) for number in numbers}
    wanted |= {(stat.S_IFCHR, number) for each in numbers for number in _passing(devices, each)}
    found = (node for mount in mounted if mount.kind == "devtmpfs" for node in _below(mount.point))
    return tuple(path for path, status in found if (stat.S_IFMT(status.st_mode), status.st_rdev) in wanted)


def _number(numbers: str) -> int:
    major, _, minor = numbers.partition(":")
    return os.makedev(int(major), int(minor))


def _passing(devices: Devices, number: int) -> Iterator[int]:
    device = devices.at(number)
    for pattern in _PASSING if device is not None else ():
        for path in glob(f"{device.path}/{pattern}") if device else ():
            numbers = devices.text(f"{path}/dev")
            if numbers:
                yield _number(numbers)


def _below(directory: str) -> Iterator[tuple[str, os.stat_result]]:
    for here, directories, names in os.walk(directory):
        if here == directory:
            directories[:] = [name for name in directories if name not in _NOT_OF_DEVICES]
        for name in names:
            path = os.path.join(here, name)
            try:
                yield path, os.lstat(path)
            except OSError:
                continue
