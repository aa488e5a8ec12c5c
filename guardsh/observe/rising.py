"""From devices up: everything that stands on them, and by which way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TypeAlias

from guardsh.model.stack import Kind
from guardsh.observe.block import Device, Devices
from guardsh.observe.footing import Footing
from guardsh.system.mount_table import Mount, mount_of

Node: TypeAlias = Device | Mount
NETWORK = frozenset({"nfs", "nfs4", "cifs", "ceph"})


class Ground:
    """The mounted file systems of a node on its devices, to be walked upwards."""

    def __init__(self, devices: Devices, footing: Footing, mounted: list[Mount]) -> None:
        self.devices = devices
        self.footing = footing
        self.mounted = mounted
        self._upon: dict[int, list[Mount]] = defaultdict(list)
        for mount in mounted:
            for number in footing.devices(mount) | {mount.number}:
                self._upon[number].append(mount)

    def at(self, number: int) -> list[Node]:
        """The device of a number; where /sys does not have it (a container), what is mounted from it: the kernel lets
        nothing else stand on what is mounted (bd_prepare_to_claim of block/bdev.c)."""
        mounted = self._upon.get(number, [])
        if mounted and not self.devices.has(number):
            return list(mounted)
        device = self.devices.at(number)
        return [device] if device is not None else []

    def above(self, node: Node) -> Iterator[Node]:
        """What is directly above: partitions, holders, mounts; loop devices and overlays in a file system's files."""
        if isinstance(node, Device):
            yield from self.devices.above(node)
            yield from self._upon.get(node.number, [])
        else:
            yield from (loop for loop, there in self._loops.items() if there is node)
            yield from (mount for mount, lower in self._overlays.items() if node in lower)

    def is_apart(self, mount: Mount, risen: Rise) -> bool:
        """Whether a mount that is not among what stands there certainly stands elsewhere."""
        if mount in risen.ways:
            return False
        if self.footing.is_memory(mount) or mount.kind in NETWORK:
            return True
        numbers = self.footing.devices(mount)
        return bool(numbers) and all(self._is_told(number) for number in numbers)

    def _is_told(self, number: int) -> bool:
        """Whether a device has nothing beneath that cannot be followed: a loop device whose file is not known."""
        device = self.devices.at(number)
        if device is None or (device.kind is Kind.LOOP and self._loops.get(device) is None):
            return False
        return all(self._is_told(each.number) for each in self.devices.below(device))

    @cached_property
    def _loops(self) -> dict[Device, Mount | None]:
        loops = ((loop, self.footing.file(loop)) for loop in self.devices.all("loop") if loop.kind is Kind.LOOP)
        return {loop: mount_of(file, self.mounted) for loop, file in loops if file}

    @cached_property
    def _overlays(self) -> dict[Mount, list[Mount | None]]:
        return {
            mount: [mount_of(path, self.mounted) for path in self.footing.directories(mount)]
            for mount in self.mounted
            if mount.kind == "overlay"
        }


class Rise:
    """All that stands on ``starts``: ``ways`` has for each node those directly beneath it from which it was reached."""

    def __init__(self, ground: Ground, starts: Iterable[Node]) -> None:
        self.starts = frozenset(starts)
        self.ways: dict[Node, list[Node]] = {node: [] for node in self.starts}
        self.leaves: list[Device] = []  # devices that nothing stands on
        pending = list(self.ways)
        while pending:
            node = pending.pop()
            above = list(dict.fromkeys(ground.above(node)))
            if not above and isinstance(node, Device):
                self.leaves.append(node)
            pending += [each for each in above if each not in self.ways]
            for each in above:
                self.ways.setdefault(each, []).append(node)

    @property
    def mounts(self) -> list[Mount]:
        return [node for node in self.ways if isinstance(node, Mount)]

    def way(self, top: Node) -> list[Node]:
        """One way up to ``top``, from where it starts."""
        way = [top]
        while way[-1] not in self.starts:
            below = [node for node in self.ways[way[-1]] if node not in way]
            if not below:
                break
            way.append(below[0])
        return way[::-1]
