"""From a path down to the disks: mount, file system, volume, array, member, disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace

from guardsh.model.data_directory import DataDirectory
from guardsh.model.node import Node
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.place import Place
from guardsh.model.stack import Kind, Layer, Stack, layers
from guardsh.model.storage import Array, Arrays, Member, summary
from guardsh.observe import btrfs, space
from guardsh.observe.block import Device, Devices
from guardsh.observe.footing import Footing
from guardsh.observe.volumes import Volume, logical_volumes
from guardsh.system.apart import Deadline, apart
from guardsh.system.mount_table import Mount, mount_of, mounts

_LEAST = 0.2  # seconds, however long the other looks took
_DEEPEST = 24  # layers; an overlay may lie on a loop device in a file on an overlay …


def beneath(node: Node, deadline: Deadline, root: str = "/") -> Node:
    """The same node, with what every instance's directories and every backup stand on."""
    backups = node.backups.value if isinstance(node.backups, Known) else ()
    every = [[place.path for place in _places(each.directory)] for each in node.instances]
    found = _found([*every, *([backup.path] for backup in backups)], node.arrays, deadline, root)
    instances = tuple(replace(each, directory=replace(each.directory, stacks=next(found))) for each in node.instances)
    lying = tuple(replace(each, stack=next(found)[0]) for each in backups)
    kept = replace(node.backups, value=lying) if isinstance(node.backups, Known) else node.backups
    return replace(node, instances=instances, backups=kept)


def _found(every: list[list[str]], arrays: Arrays, deadline: Deadline, root: str) -> Iterator[tuple[Stack, ...]]:
    """The stacks of each of several lists of paths."""
    limit = Deadline(max(_LEAST, deadline.left()))
    seen = apart(lambda: [stacks(paths, arrays, root, limit) for paths in every], limit)
    found = seen.value if isinstance(seen, Known) else [_unseen(paths, seen.why) for paths in every]
    if any(_has_volume(stack) for below in found for stack in below):
        told = logical_volumes(deadline)
        found = [tuple(_with_volumes(stack, told) for stack in below) for below in found]
    return iter(found)


def _places(directory: DataDirectory) -> Iterator[Place]:
    yield directory.place
    yield from (place for place in (directory.wal, *directory.tablespaces) if place is not None)
    yield from (moved.place for moved in directory.moved)


def _has_volume(stack: Stack) -> bool:
    return isinstance(stack.top, Known) and any(layer.kind is Kind.VOLUME for layer in layers(stack.top.value))


def _with_volumes(stack: Stack, told: Observed[tuple[Volume, ...]]) -> Stack:
    """What LVM itself says of its volumes: how they are laid out, and what is wrong with them."""
    known = {f"{each.group}/{each.name}": each for each in told.value} if isinstance(told, Known) else {}
    return (
        stack
        if isinstance(stack.top, Unknown)
        else replace(stack, top=replace(stack.top, value=_described(stack.top.value, known)))
    )


def _described(layer: Layer, known: dict[str, Volume]) -> Layer:
    below = tuple(_described(each, known) for each in layer.below)
    volume = known.get(layer.name) if layer.kind is Kind.VOLUME else None
    if volume is None:
        return replace(layer, below=below)
    return replace(layer, below=below, detail=", ".join(filter(None, (volume.segments, volume.health))))


def _unseen(paths: list[str], why: str) -> tuple[Stack, ...]:
    return tuple(Stack(path, Unknown(why)) for path in paths[:1])


def stacks(
    paths: Iterable[str], arrays: Arrays, root: str = "/", deadline: Deadline | None = None
) -> tuple[Stack, ...]:
    """The stack of each path (links not resolved), the first of those that stand on the same file system.

    Raises nothing: what cannot be read is Unknown, or a doubt of its layer. Stat and /sys may hang: call it under a
    deadline (system/apart.py).
    """
    try:
        mounted = mounts(root)
    except OSError as error:
        why = f"could not read /proc/self/mountinfo: {(error.strerror or str(error)).lower()}"
        return tuple(Stack(path, Unknown(why)) for path in paths)
    down = Down(mounted, arrays, root, deadline)
    found: dict[int, Stack] = {}
    for path in paths:
        mount = mount_of(os.path.realpath(path) if root == "/" else path, mounted)
        found.setdefault(mount.identifier if mount else -1, Stack(path, down.layer(mount)))
    return tuple(found.values())


class Down:
    """Layers of one node, each with all that is beneath it."""

    def __init__(self, mounted: list[Mount], arrays: Arrays, root: str = "/", deadline: Deadline | None = None) -> None:
        self._mounted = mounted
        self._devices = Devices(root)
        self._footing = Footing(self._devices, root, deadline)
        self._arrays = {array.name: array for array in arrays.value} if isinstance(arrays, Known) else {}

    def layer(self, mount: Mount | None) -> Observed[Layer]:
        if mount is None:
            return Unknown("no mount in /proc/self/mountinfo has this path")
        self._devices.doubts.clear()
        layer = self._file_system(mount, 0)
        return Known(replace(layer, doubts=(*layer.doubts, *self._devices.doubts)), "/proc/self/mountinfo and /sys")

    def _file_system(self, mount: Mount, depth: int) -> Layer:
        layer = Layer(Kind.FILE_SYSTEM, mount.point, _detail(mount))
        if self._footing.is_memory(mount):
            return replace(layer, kind=Kind.MEMORY)
        if depth > _DEEPEST:
            return replace(layer, doubts=("it goes deeper than can be followed",))
        numbers = sorted(self._footing.devices(mount))
        layer = replace(layer, detail=", ".join((layer.detail, *self._space(mount, numbers))))
        below = (*self._on_devices(numbers, depth), *self._on_directories(mount, depth), *self._not_there(mount))
        if below:
            return replace(layer, below=below)
        if mount.kind == "zfs":
            return replace(layer, kind=Kind.POOL, doubts=("which disks the pool stands on is not known",))
        if mount.source.startswith("/dev/"):
            return replace(layer, doubts=(f"what {mount.source} is cannot be seen",))
        return replace(layer, kind=Kind.REMOTE)

    def _space(self, mount: Mount, numbers: list[int]) -> Iterator[str]:
        device = self._devices.at(numbers[0]) if len(numbers) == 1 else None
        return space.notes(mount, device.name if device else "", self._devices.root)

    def _on_devices(self, numbers: Iterable[int], depth: int) -> Iterator[Layer]:
        for number in numbers:
            device = self._devices.at(number)
            if device is not None:
                yield self._device(device, depth + 1)

    def _on_directories(self, mount: Mount, depth: int) -> Iterator[Layer]:
        """Of an overlay, only where it is written to: its other layers are images."""
        for path in self._footing.directories(mount)[:1]:
            there = mount_of(path, self._mounted)
            if there is not None and there is not mount:
                yield self._file_system(there, depth + 1)

    def _not_there(self, mount: Mount) -> Iterator[Layer]:
        here = self._footing.btrfs(mount) if mount.kind == "btrfs" else None
        for number in (btrfs.look(here, self._devices).missing or ()) if here else ():
            yield Layer(Kind.MISSING, f"device {number}", role="missing")

    def _device(self, device: Device, depth: int) -> Layer:
        size = self._devices.size(device)
        layer = Layer(device.kind, device.title, number=device.numbers, size=size)
        if depth > _DEEPEST:
            return replace(layer, doubts=("it goes deeper than can be followed",))
        if device.kind is Kind.LOOP:
            return self._loop(device, layer, depth)
        below = {each.name: self._device(each, depth + 1) for each in self._devices.below(device)}
        array = self._arrays.get(device.name)
        if array is None:
            detail = self._devices.text(f"{device.path}/md/level") if device.kind is Kind.ARRAY else ""
            return replace(layer, detail=detail, below=tuple(below.values()))
        return replace(layer, detail=summary(array).removeprefix(array.name).strip(), below=_members(array, below))

    def _loop(self, device: Device, layer: Layer, depth: int) -> Layer:
        path = self._footing.file(device)
        there = mount_of(path, self._mounted) if path else None
        below = (self._file_system(there, depth + 1),) if there else ()
        return replace(layer, detail=f"file {path}" if path else "", below=below)


def _detail(mount: Mount) -> str:
    where = mount.source if not mount.source.startswith("/dev/") and mount.source != mount.kind else ""
    parts = (mount.kind, where and f"from {where}", "" if mount.root == "/" else f"its {mount.root}")
    return ", ".join(part for part in (" ".join(filter(None, parts)), "read-only" if mount.read_only else "") if part)


def _members(array: Array, below: dict[str, Layer]) -> tuple[Layer, ...]:
    """As the array has them, in the order of their slots, with those that are not there."""
    ordered = sorted(array.members, key=lambda member: (member.slot is None, member.slot or 0))
    known = {member.device for member in ordered}
    others = (layer for name, layer in below.items() if name not in known)
    return (*(_member(member, below.get(member.device)) for member in ordered), *others)


def _member(member: Member, layer: Layer | None) -> Layer:
    role = member.state if member.slot is None else f"slot {member.slot}, {member.state}"
    return replace(layer or Layer(Kind.MISSING, member.device or "-"), role=role.replace("_", " "))
