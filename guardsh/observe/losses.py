"""What is left of arrays and file systems that keep their data more than once, when members of them are lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guardsh.model.observed import Known
from guardsh.model.stack import Kind, Loss
from guardsh.model.storage import Array, Arrays, Member
from guardsh.observe import btrfs
from guardsh.observe.block import Device
from guardsh.observe.enough import survives
from guardsh.observe.rising import Ground, Node, Rise
from guardsh.system.mount_table import Mount

_IDLE = ("faulty", "spare", "vanished")  # nothing is read from them
_KEEPS = "keeps all data, with less redundancy, without"


@dataclass(frozen=True, slots=True)
class _Fate:
    """``loss`` is None where nothing tells more than that it stands there."""

    lost: bool
    loss: Loss | None = None


_UNTOUCHED = _Fate(lost=False)
_LOST = _Fate(lost=True)


class Losses:
    """When everything at ``rise.starts`` is lost at once: what that means to what stands on it."""

    def __init__(self, ground: Ground, rise: Rise, arrays: Arrays) -> None:
        self._ground = ground
        self._rise = rise
        self._arrays = {array.name: array for array in arrays.value} if isinstance(arrays, Known) else {}
        self._fates: dict[Node, _Fate] = {}

    def of(self, node: Node) -> Loss | None:
        """None where the node is simply lost; otherwise what its redundancy saves, or saves no more."""
        return self._fate(node).loss

    def _fate(self, node: Node) -> _Fate:
        if node not in self._fates:
            self._fates[node] = _LOST  # what stands on itself is lost
            self._fates[node] = self._told(node)
        return self._fates[node]

    def _told(self, node: Node) -> _Fate:
        if node not in self._rise.ways:
            return _UNTOUCHED
        if node in self._rise.starts:
            return _LOST
        below = {each: self._fate(each) for each in self._rise.ways[node]}
        lost = [each for each, fate in below.items() if fate.lost and isinstance(each, Device)]
        if lost and isinstance(node, Device) and node.kind is Kind.ARRAY:
            return self._array(node, lost)
        if lost and isinstance(node, Mount) and node.kind == "btrfs":
            return self._btrfs(node, lost)
        return max(below.values(), key=lambda fate: (fate.lost, fate.loss is not None), default=_LOST)

    def _array(self, device: Device, lost: Iterable[Device]) -> _Fate:
        names = frozenset(each.name for each in lost)
        array = self._arrays.get(device.name)
        if array is None:
            return _fate(False, f"What {device.name} can do without is not known: nothing tells its state.")
        return _fate(survives(array, names), _sentence(array, names, survives(array, names)))

    def _btrfs(self, mount: Mount, lost: list[Device]) -> _Fate:
        here = self._ground.footing.btrfs(mount)
        found = btrfs.look(here, self._ground.devices) if here else btrfs.Btrfs(frozenset(), None)
        profile = "+".join(sorted(found.profiles)) or "profile not known"
        name, without = f"the btrfs file system on {mount.point} ({profile})", _listed(each.name for each in lost)
        if len(lost) <= found.spare:
            return _fate(True, f"{name[:1].upper()}{name[1:]} {_KEEPS} {without}.")
        missing = found.missing or ()
        already = f": {_listed(f'device {each}' for each in missing)} missing already" if missing else ""
        return _fate(False, f"This destroys data of {name}: it cannot do without {without}{already}.")


def _fate(spared: bool, sentence: str) -> _Fate:
    return _Fate(lost=not spared, loss=Loss(spared, sentence))


def _sentence(array: Array, lost: frozenset[str], spared: bool) -> str:
    if spared:
        idle = [_state(member) for member in array.members if member.device in lost and member.state in _IDLE]
        alone = f"{array.name} keeps all data: {_listed(idle)}."
        return alone if len(idle) == len(lost) else f"{array.name} {_KEEPS} {_listed(lost)}."
    already = _listed(_state(member) for member in array.members if _is_gone(member) and member.device not in lost)
    without = f"without {_listed(lost)}" + (f", while {already}" if already else "")
    return f"This destroys data: {without}, {array.name} has no copy of some of it."


def _is_gone(member: Member) -> bool:
    return member.state not in ("in_sync", "spare", "journal")


def _state(member: Member) -> str:
    return f"{member.device or f'slot {member.slot}'} is {member.state}"


def _listed(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))
