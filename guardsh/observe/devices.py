"""What stands on a device, array, volume, volume group or pool, and what becomes of it: where the command reaches."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from guardsh.model.intent import Effect, Extent, Intent, Target
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.stack import Kind
from guardsh.model.storage import Arrays
from guardsh.observe import signature, storage, volumes
from guardsh.observe.block import Device, Devices
from guardsh.observe.footing import Footing, node_number
from guardsh.observe.losses import Losses
from guardsh.observe.naming import Named, named
from guardsh.observe.paths import Reached, lineage, reach
from guardsh.observe.rising import Ground, Node, Rise
from guardsh.system import proc
from guardsh.system.apart import Deadline, apart, side_by_side
from guardsh.system.mount_table import Mount, mounts

_SHARE = 0.25  # of the time left: for the ends of all devices together, and for the arrays
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Upon:
    """``paths`` are mount points, and files in place of a device; ``beside`` mount points of which what is below
    certainly stands elsewhere. ``unmounted`` are sentences on what cannot be told since nothing of it is mounted or
    active, ``hidden`` on what could not be seen."""

    paths: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    unmounted: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


class Look:
    """One look at the devices of a node; ``root`` holds ``proc``, ``sys`` and ``dev``."""

    def __init__(self, intents: Iterable[Intent], cwd: str, deadline: Deadline, root: str = "/") -> None:
        self._cwd, self._deadline, self._root = cwd, deadline, root
        self._devices = Devices(root)
        self._footing = Footing(self._devices, root, deadline)
        self._blind: tuple[str, ...] = ()  # why no mounts are known
        self._mounted = self._mounts()
        self._ground = Ground(self._devices, self._footing, self._mounted)
        self._doomed = [target for intent in intents if intent.effect is Effect.DISMANTLE for target in _on(intent)]

    def reached(self, target: Target, effect: Effect, doubts: list[str]) -> Iterator[Reached]:
        """What a target of Extent.DEVICE leads to, and more sentences for ``doubts``; none on what is not mounted where
        the effect stops what runs, since nothing runs there."""
        found, rise, hidden = self._rise(target)
        upon = self._upon(target, found, rise)
        doubts += (*hidden, *(() if effect is Effect.STOP else upon.unmounted))
        losses = self._losses() if effect is Effect.DISMANTLE else None
        for mount in rise.mounts:
            there = _there(mount.point, effect, target, upon.beside)
            if there is not None:
                loss = losses.of(mount) if losses else None
                yield replace(there, how=_way(rise.way(mount), self._devices), loss=loss)
        for path in found.files:
            there = _there(path, effect, target, ())
            if there is not None:
                yield there

    def upon(self, target: Target) -> Upon:
        """The same without a command, for one target."""
        found, rise, hidden = self._rise(target)
        return replace(self._upon(target, found, rise), hidden=hidden)

    def _upon(self, target: Target, found: Named, rise: Rise) -> Upon:
        unmounted = [*self._leaves(rise, target.path), *self._inactive(rise, target)]
        if not (target.follow or found.found or rise.mounts or target.path.startswith("/")):
            unmounted.append(
                f"{target.path} is found neither among the devices nor among the mounted file systems of this node"
            )
        points = tuple(mount.point for mount in rise.mounts)
        beside = [mount.point for mount in self._mounted if points and self._ground.is_apart(mount, rise)]
        return Upon((*points, *found.files), tuple(beside), tuple(dict.fromkeys(unmounted)))

    def _rise(self, target: Target) -> tuple[Named, Rise, tuple[str, ...]]:
        """What it names, what stands on that, and what could not be seen on the way."""
        self._devices.doubts.clear()
        found = named(target.path, self._cwd, self._devices, by_path=target.follow)
        rise = Rise(self._ground, self._starts(target, found))
        return found, rise, (*self._blind, *self._devices.doubts) if found.numbers else ()

    def _starts(self, target: Target, found: Named) -> list[Node]:
        devices = [node for number in sorted(found.numbers) for node in self._ground.at(number)]
        datasets = [mount for mount in self._mounted if not target.follow and _is_dataset(mount.source, target.path)]
        return [*devices, *datasets]

    def _losses(self) -> Losses:
        """Of everything that the command dismantles, together: of two halves of a mirror each alone can be spared."""
        starts = (
            start
            for target in self._doomed
            for start in self._starts(target, named(target.path, self._cwd, self._devices, by_path=target.follow))
        )
        rise = Rise(self._ground, starts)
        has_array = any(isinstance(node, Device) and node.kind is Kind.ARRAY for node in rise.ways)
        return Losses(self._ground, rise, self._arrays() if has_array else Unknown("there is none"))

    def _arrays(self) -> Arrays:
        seen = apart(partial(storage.arrays, self._root), self._share())
        return seen if isinstance(seen, Unknown) else seen.value

    def _leaves(self, rise: Rise, name: str) -> Iterator[str]:
        """What devices hold that nothing stands on: swap and blank ones pass."""
        leaves = [device for device in rise.leaves if not self._is_swap(device)]
        inactive = [device for device in leaves if self._is_stopped(device)]
        yield from (_not_known(device, name, "the array is not active") for device in inactive)
        readable = [device for device in leaves if device not in inactive]
        contents = side_by_side([partial(self._content, device) for device in readable], self._share())
        for device, content in zip(readable, contents, strict=True):
            if isinstance(content, Unknown) or content.value:
                yield _not_known(device, name, content.why if isinstance(content, Unknown) else content.value)

    def _content(self, device: Device) -> str:
        path = os.path.join(self._root, "dev", device.name)
        if self._root == "/" and node_number(path) not in (device.number, None):
            return f"{path} is another device"
        return signature.content(path)

    def _is_stopped(self, device: Device) -> bool:
        state = self._devices.text(f"{device.path}/md/array_state") if device.kind is Kind.ARRAY else ""
        return state in ("clear", "inactive")

    def _is_swap(self, device: Device) -> bool:
        lines = proc.read(os.path.join(self._root, "proc/swaps")).splitlines()[1:]
        return any(self._footing.number(line.split()[0]) == device.number for line in lines if line.strip())

    def _inactive(self, rise: Rise, target: Target) -> Iterator[str]:
        """Of a group or a physical volume, the volumes that are not there to be seen; of a pool, the datasets."""
        groups = {_group(node) for node in rise.ways if _holds_group(node, rise, target)}
        if groups:
            yield from _sleeping(groups, volumes.logical_volumes(self._deadline))
        datasets = [node for node in rise.starts if isinstance(node, Mount) and node.kind == "zfs"]
        if datasets:
            asleep = volumes.not_mounted(target.path, self._deadline)
            if isinstance(asleep, Unknown):
                yield f"whether all of {target.path} is mounted is not known: {asleep.why}"
            elif asleep.value:
                yield f"{_some(asleep.value)} of {target.path} not mounted: what that holds is not known"

    def _share(self) -> Deadline:
        return Deadline(self._deadline.left() * _SHARE)

    def _mounts(self) -> list[Mount]:
        try:
            return mounts(self._root)
        except OSError as error:
            self._blind = (f"could not read /proc/self/mountinfo: {(error.strerror or str(error)).lower()}",)
            return []


def _on(intent: Intent) -> Iterator[Target]:
    return (each for each in intent.targets if isinstance(each, Target) and each.extent is Extent.DEVICE)


def _there(path: str, effect: Effect, target: Target, beside: Iterable[str]) -> Reached | None:
    there = reach(Target(path, Extent.TREE, follow=True), effect, "/")
    if there is None:
        return None
    nested = (point for point in beside if point.startswith(path.rstrip("/") + "/") and point != path)
    below = tuple(lineage(point)[0] for point in nested)
    return replace(there, target=replace(target, extent=Extent.TREE), beside=below)


def _way(way: list[Node], devices: Devices) -> str:
    """``member 3 of md0, under vg0/data, under /mnt/data``"""
    return ", ".join(_step(lower, upper, devices) for lower, upper in pairwise(way))


def _step(lower: Node, upper: Node, devices: Devices) -> str:
    if isinstance(upper, Mount):
        return f"under {upper.point}"
    if upper.kind is Kind.ARRAY and isinstance(lower, Device):
        slot = devices.text(f"{upper.path}/md/dev-{lower.name.replace('/', '!')}/slot")
        return f"member {slot} of {upper.title}" if slot.isdecimal() else f"a member of {upper.title}"
    return f"with {upper.title}" if upper.kind is Kind.PARTITION else f"under {upper.title}"


def _is_dataset(source: str, name: str) -> bool:
    return source == name or source.startswith(name + "/")


def _holds_group(node: Node, rise: Rise, target: Target) -> bool:
    """Whether it is a volume by which a group is reached as a whole: from a device beneath it, or by its name."""
    if not isinstance(node, Device) or node.kind is not Kind.VOLUME:
        return False
    from_below = any(isinstance(each, Device) and each.kind is not Kind.VOLUME for each in rise.ways[node])
    return from_below or target.path.removeprefix("/dev/").strip("/") == _group(node)


def _group(node: Node) -> str:
    return node.title.partition("/")[0] if isinstance(node, Device) else ""


def _sleeping(groups: set[str], seen: Observed[tuple[volumes.Volume, ...]]) -> Iterator[str]:
    known = {each.group for each in seen.value} if isinstance(seen, Known) else set()
    for group in sorted(groups - known):
        why = seen.why if isinstance(seen, Unknown) else "lvs does not have it"
        yield f"whether all volumes of {group} are active is not known: {why}"
    if isinstance(seen, Known):
        asleep = tuple(f"{each.group}/{each.name}" for each in seen.value if each.group in groups and not each.active)
        if asleep:
            yield f"{_some(asleep)} not active: what that holds is not known"


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more} {'is' if len(names) == 1 else 'are'}"


def _not_known(device: Device, name: str, why: str) -> str:
    part = "" if os.path.basename(name) == device.name else f" ({device.title} on it)"
    return f"what {name} holds is not known: {why}{part}"
