"""The block devices of this node, by what /sys tells of each: kind, name, size, and its neighbours above and below.

Every device is looked at only when it is come upon, so that thousands of others cost nothing. What /sys has is
described in Documentation/ABI/{stable,testing}/sysfs-block and sysfs-block-dm of the kernel.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from guardsh.model.stack import Kind

SECTOR = 512  # bytes: the unit of /sys/block/*/size, whatever the device's own
# The prefix of a mapping's uuid says who made it: lvm2's lib/activate/dev_manager.c, libcryptsetup's utils_dm.h,
# multipath-tools' libmultipath/devmapper.c. "part1-mpath-…" is a partition that kpartx mapped.
_MAPPERS = (("LVM-", Kind.VOLUME), ("CRYPT-", Kind.CRYPT), ("mpath-", Kind.MULTIPATH), ("part", Kind.PARTITION))
_VOLUME = re.compile(r"((?:[^-]|--)+)-((?:[^-]|--).*)")
_IN_MEMORY = ("zram", "ram", "brd")


@dataclass(frozen=True, slots=True)
class Device:
    """``name`` is the kernel's (``cciss/c0d0``), ``title`` what people call it; ``path`` its directory in /sys."""

    number: int  # as st_rdev
    name: str
    title: str
    kind: Kind
    path: str

    @property
    def numbers(self) -> str:
        return f"{os.major(self.number)}:{os.minor(self.number)}"


class Devices:
    """Those below ``root``, which holds ``sys``. Whatever is there and cannot be read goes to ``doubts``."""

    def __init__(self, root: str = "/") -> None:
        self.root = root
        self._sys = os.path.join(root, "sys")
        self._seen: dict[int, Device | None] = {}
        self.doubts: dict[str, None] = {}  # in order, each once

    def has(self, number: int) -> bool:
        """Whether /sys knows a device of this number."""
        return os.path.isdir(f"{self._sys}/dev/block/{os.major(number)}:{os.minor(number)}")

    def at(self, number: int) -> Device | None:
        """The device of a number; None, and a doubt, where /sys does not have it (any more)."""
        if number not in self._seen:
            numbers = f"{os.major(number)}:{os.minor(number)}"
            self._seen[number] = self._device(os.path.realpath(f"{self._sys}/dev/block/{numbers}"), number)
        if self._seen[number] is None:
            self._doubt(f"/sys has nothing of the block device {os.major(number)}:{os.minor(number)}")
        return self._seen[number]

    def named(self, name: str) -> Device | None:
        """By its kernel name; None where there is none, or no /sys."""
        here = os.path.realpath(f"{self._sys}/class/block/{name.replace('/', '!')}")
        number = self._number(here)
        return None if number is None else self._seen.setdefault(number, self._device(here, number))

    def all(self, prefix: str = "") -> Iterator[Device]:
        """Every device whose kernel name begins so."""
        for name in sorted(self.names(f"{self._sys}/class/block")):
            device = self.named(name) if name.startswith(prefix) else None
            if device is not None:
                yield device

    def below(self, device: Device) -> list[Device]:
        """The disk of a partition; what an array or a mapping is made of."""
        if self.text(f"{device.path}/partition"):
            return self._those([os.path.dirname(device.path)])
        return self._those(f"{device.path}/slaves/{name}" for name in sorted(self.names(f"{device.path}/slaves")))

    def above(self, device: Device) -> list[Device]:
        """Its partitions, and the arrays and mappings that hold it."""
        names = sorted(self.names(device.path, "what stands on it cannot be seen"))
        parts = [f"{device.path}/{name}" for name in names if os.path.exists(f"{device.path}/{name}/partition")]
        held = [f"{device.path}/holders/{name}" for name in sorted(self.names(f"{device.path}/holders"))]
        return self._those((*parts, *held))

    def size(self, device: Device) -> int | None:
        """Bytes; None where that cannot be read."""
        text = self.text(f"{device.path}/size")
        return int(text) * SECTOR if text.isdecimal() else None

    def text(self, path: str) -> str:
        """One attribute; "" where this device has none."""
        try:
            with open(path, "rb") as file:
                return os.fsdecode(file.read()).strip()
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError as error:
            self._doubt(f"could not read {self._shown(path)}: {_reason(error)}")
            return ""

    def names(self, directory: str, meaning: str = "") -> list[str]:
        """What a directory holds; nothing where there is none, which is a doubt where it has a ``meaning``."""
        try:
            return os.listdir(directory)
        except OSError as error:
            if meaning or not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                self._doubt(f"could not read {self._shown(directory)}: {_reason(error)}")
            return []

    def _those(self, paths: Iterator[str] | list[str] | tuple[str, ...]) -> list[Device]:
        found = []
        for path in paths:
            here = os.path.realpath(path)
            number = self._number(here)
            device = None if number is None else self._device(here, number)
            if device is None:
                self._doubt(f"{os.path.basename(path)} disappeared while it was looked at")
            else:
                found.append(self._seen.setdefault(device.number, device) or device)
        return found

    def _number(self, here: str) -> int | None:
        major, colon, minor = self.text(f"{here}/dev").partition(":")
        return os.makedev(int(major), int(minor)) if colon else None

    def _device(self, here: str, number: int) -> Device | None:
        if not os.path.isdir(here):
            return None
        name = os.path.basename(here).replace("!", "/")
        kind, title = self._kind(here, name)
        return Device(number, name, title, kind, here)

    def _kind(self, here: str, name: str) -> tuple[Kind, str]:
        if os.path.isdir(f"{here}/md"):
            return Kind.ARRAY, name
        if os.path.isdir(f"{here}/dm"):
            return self._mapping(here)
        if os.path.exists(f"{here}/partition"):
            return Kind.PARTITION, name
        if name.startswith("loop"):
            return Kind.LOOP, name
        return (Kind.MEMORY if name.rstrip("0123456789") in _IN_MEMORY else Kind.DISK), name

    def _mapping(self, here: str) -> tuple[Kind, str]:
        title, uuid = self.text(f"{here}/dm/name"), self.text(f"{here}/dm/uuid")
        kind = next((kind for prefix, kind in _MAPPERS if uuid.startswith(prefix)), Kind.MAPPING)
        return kind, "/".join(volume(title)) if kind is Kind.VOLUME else title or os.path.basename(here)

    def _doubt(self, sentence: str) -> None:
        self.doubts[sentence] = None

    def _shown(self, path: str) -> str:
        return "/sys" + path.removeprefix(self._sys)


def volume(mapping: str) -> tuple[str, ...]:
    """The volume group and the volume that a mapping of LVM stands for; a hyphen in them is written twice (lvm(8)).

    >>> volume("vg0-pgdata"), volume("my--vg-pg--data"), volume("plain")
    (('vg0', 'pgdata'), ('my-vg', 'pg-data'), ('plain',))
    """
    found = _VOLUME.fullmatch(mapping)
    return tuple(part.replace("--", "-") for part in found.groups()) if found else (mapping,)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
