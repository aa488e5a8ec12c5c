"""Which devices of this node a device tool means by a word: a path, a tag, a volume, a group, a controller."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from guardsh.model.stack import Kind
from guardsh.observe.block import Device, Devices

_DIRECTORIES = ("/dev", "/dev/md", "/dev/mapper", "/dev/zvol", "/dev/disk/by-id")
_TAGS = {"UUID": "by-uuid", "LABEL": "by-label", "PARTUUID": "by-partuuid", "PARTLABEL": "by-partlabel", "ID": "by-id"}


@dataclass(frozen=True, slots=True)
class Named:
    """``files`` are regular ones in place of a device. ``found``: something of that name is there."""

    numbers: frozenset[int]
    files: tuple[str, ...]
    found: bool


def named(name: str, cwd: str, devices: Devices, *, by_path: bool) -> Named:
    """``by_path``: ``name`` is a path, and nothing else; otherwise its tool may know it by other ways.

    What has no node in /dev is known by the name that the kernel, or LVM, has for it.
    """
    candidates = (devices.root.rstrip("/") + path for path in _candidates(name, cwd, by_path=by_path))
    paths = [path for path in candidates if os.path.exists(path)]
    numbers = {number for path in paths for number in _numbers(path, devices)}
    if name.startswith("/dev/") or not by_path:
        numbers |= {device.number for device in _by_kernel(name.removeprefix("/dev/"), devices)}
    files = tuple(path for path in paths if os.path.isfile(path))
    return Named(frozenset(numbers), files, bool(paths or numbers))


def _candidates(name: str, cwd: str, *, by_path: bool) -> Iterator[str]:
    tag, _, value = name.partition("=")
    if tag in _TAGS and value:
        yield f"/dev/disk/{_TAGS[tag]}/{value.strip(chr(34))}"
    if by_path or "/" in name:
        yield os.path.join(cwd, name)
    if not by_path and not name.startswith("/"):
        yield from (f"{directory}/{name}" for directory in _DIRECTORIES)


def _numbers(path: str, devices: Devices) -> Iterator[int]:
    """The block devices at a path: itself, the namespaces of an NVMe controller, the volumes of a group."""
    try:
        found = os.stat(path)
    except OSError:  # it was there a moment ago
        return
    if stat.S_ISBLK(found.st_mode):
        yield found.st_rdev
    elif stat.S_ISCHR(found.st_mode):
        namespace = re.compile(re.escape(os.path.basename(path)) + r"n\d+")
        yield from (each.number for each in devices.all("nvme") if namespace.fullmatch(each.name))
    elif stat.S_ISDIR(found.st_mode) and path.startswith(os.path.join(devices.root, "dev/")):
        for entry in devices.names(path):
            yield from _numbers(f"{path}/{entry}", devices) if not os.path.isdir(f"{path}/{entry}") else ()


def _by_kernel(name: str, devices: Devices) -> Iterator[Device]:
    device = devices.named(name) if name else None
    if device is not None:
        yield device
    mapping = name.removeprefix("mapper/")
    for each in devices.all("dm-"):
        is_volume = each.kind is Kind.VOLUME and (each.title == name or each.title.startswith(f"{name}/"))
        if is_volume or devices.text(f"{each.path}/dm/name") == mapping:
            yield each
