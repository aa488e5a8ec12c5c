"""What stands on a device, array, volume, volume group or pool: the mount points of its file systems, as far as seen.

Minimal, until storage is observed as a whole (path, mount, LVM, md, member, disk): upwards from the device by /sys
(partitions, holders) to what /proc/self/mountinfo has. What is there and not mounted is not looked into: it is blank,
or not known.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace

from guardsh.model.intent import Effect, Extent, Target
from guardsh.observe.paths import Reached, lineage, reach
from guardsh.system import proc

_DIRECTORIES = ("/dev", "/dev/md", "/dev/mapper", "/dev/zvol", "/dev/disk/by-id")
_TAGS = {"UUID": "by-uuid", "LABEL": "by-label", "PARTUUID": "by-partuuid", "PARTLABEL": "by-partlabel", "ID": "by-id"}
_END = 1 << 20  # bytes at both ends in which every superblock has a copy: md, LVM, LUKS, file systems, GPT
_LOOP = 7  # Documentation/admin-guide/devices.txt of the kernel
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Upon:
    """``paths`` are mount points, and files in place of a device; ``doubts`` sentences on what cannot be told.
    ``beside`` are mount points of other devices: what is below one of these certainly stands elsewhere."""

    paths: tuple[str, ...]
    beside: tuple[str, ...]
    doubts: tuple[str, ...]


def reached(target: Target, effect: Effect, cwd: str, doubts: list[str]) -> Iterator[Reached]:
    """What a target of Extent.DEVICE leads to, and more sentences for ``doubts``: none where it stops what runs, since
    nothing runs on what is not mounted."""
    found = upon(target.path, cwd, by_path=target.follow)
    doubts += () if effect is Effect.STOP else found.doubts
    for path in found.paths:
        there = reach(Target(path, Extent.TREE, follow=True), effect, "/")
        if there is not None:
            nested = (point for point in found.beside if point.startswith(path.rstrip("/") + "/") and point != path)
            beside = tuple(lineage(point)[0] for point in nested)
            yield replace(there, target=replace(target, extent=Extent.TREE), beside=beside)


@dataclass(frozen=True, slots=True)
class _Mount:
    number: int  # st_dev of the file system
    point: str
    source: str


def upon(name: str, cwd: str, *, by_path: bool) -> Upon:
    """``by_path``: ``name`` is a path, and nothing where there is no such file; otherwise its tool may know it by
    other ways, and what is not found is not known."""
    mounts = _mounts()
    files = [path for path in _candidates(name, cwd, by_path=by_path) if os.path.exists(path)]
    stack = _stack({number for path in files for number in _numbers(path)})
    own = [mount for mount in mounts if _is_on(mount, stack) or (not by_path and _is_dataset(mount.source, name))]
    regular = [path for path in files if os.path.isfile(path)]
    doubts = [_not_mounted(number, name) for number in _leaves(stack) if not _is_told(number, own)]
    if not (by_path or files or own or name.startswith("/")):
        doubts.append(f"{name} is found neither among the devices nor among the mounted file systems of this node")
    beside = tuple(mount.point for mount in mounts if own and mount not in own and _is_apart(mount))
    return Upon((*(mount.point for mount in own), *regular), beside, tuple(dict.fromkeys(doubts)))


def _candidates(name: str, cwd: str, *, by_path: bool) -> Iterator[str]:
    tag, _, value = name.partition("=")
    if tag in _TAGS and value:
        yield f"/dev/disk/{_TAGS[tag]}/{value.strip(chr(34))}"
    if by_path or "/" in name:
        yield os.path.join(cwd, name)
    if not by_path and not name.startswith("/"):
        yield from (f"{directory}/{name}" for directory in _DIRECTORIES)
        group, _, volume = name.partition("/")
        yield "/dev/mapper/{}-{}".format(*(part.replace("-", "--") for part in (group, volume)))


def _numbers(path: str) -> Iterator[int]:
    """The block devices at a path: itself, the namespaces of an NVMe controller, the volumes of a group."""
    found = os.stat(path)
    if stat.S_ISBLK(found.st_mode):
        yield found.st_rdev
    elif stat.S_ISCHR(found.st_mode):
        controller = os.path.basename(path)
        namespace = re.compile(re.escape(controller) + r"n\d+")
        names = (each for each in _names("/sys/class/block") if namespace.fullmatch(each))
        yield from filter(None, (_number(f"/sys/class/block/{each}/dev") for each in names))
    elif stat.S_ISDIR(found.st_mode) and path.startswith("/dev/"):
        for entry in _names(path):
            status = os.stat(f"{path}/{entry}")
            if stat.S_ISBLK(status.st_mode):
                yield status.st_rdev


def _stack(numbers: Iterable[int]) -> dict[int, list[int]]:
    """Each device with those directly above it: its partitions, and the arrays and mappings that hold it."""
    stack: dict[int, list[int]] = {}
    pending = list(numbers)
    while pending:
        number = pending.pop()
        if number not in stack:
            stack[number] = list(_above(_here(number)))
            pending += stack[number]
    return stack


def _above(here: str) -> Iterator[int]:
    partitions = (entry for entry in _names(here) if os.path.exists(f"{here}/{entry}/partition"))
    holders = (f"holders/{entry}" for entry in _names(f"{here}/holders"))
    yield from filter(None, (_number(f"{here}/{entry}/dev") for entry in (*partitions, *holders)))


def _leaves(stack: dict[int, list[int]]) -> list[int]:
    return [number for number, above in stack.items() if not above]


def _is_told(number: int, mounts: Iterable[_Mount]) -> bool:
    """Whether a device that nothing stands on holds what can be seen: a mounted file system, swap, or nothing."""
    return any(_is_on(mount, {number}) for mount in mounts) or _is_swap(number) or _is_blank(number)


def _is_on(mount: _Mount, numbers: Container[int | None]) -> bool:
    """By its number, or (btrfs has numbers of its own) by the device that it was mounted from."""
    return mount.number in numbers or _block_device(mount.source) in numbers


def _is_apart(mount: _Mount) -> bool:
    """Whether it stands on a device of its own; a loop device or an overlay may lie in a file of another one."""
    number = _block_device(mount.source)
    return number is not None and os.major(number) != _LOOP


def _is_dataset(source: str, name: str) -> bool:
    return source == name or source.startswith(name + "/")


def _is_swap(number: int) -> bool:
    swaps = proc.read("/proc/swaps").splitlines()[1:]
    return any(_block_device(line.split()[0]) == number for line in swaps if line.strip())


def _is_blank(number: int) -> bool:
    """Whether both its ends have nothing but zeros."""
    name = os.path.basename(os.path.realpath(_here(number)))
    try:
        with open(f"/dev/{name}", "rb", buffering=0) as device:
            size = device.seek(0, os.SEEK_END)
            ends = (os.pread(device.fileno(), _END, offset) for offset in (0, max(0, size - _END)))
            return not any(any(end) for end in ends)
    except OSError:
        return False


def _not_mounted(number: int, name: str) -> str:
    device = os.path.basename(os.path.realpath(_here(number)))
    part = "" if os.path.basename(name) == device else f" ({device} on it)"
    return f"what {name} holds is not known: it is neither mounted nor blank{part}"


def _mounts() -> list[_Mount]:
    """proc(5), /proc/PID/mountinfo: id, parent, major:minor, root, mount point, options, fields until ``-``, type,
    source."""
    found = []
    for line in proc.read("/proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, behind = before.split(" "), after.split(" ")
        major, _, minor = fields[2].partition(":")
        found.append(_Mount(os.makedev(int(major), int(minor)), _plain(fields[4]), _plain(behind[1])))
    return found


def _plain(field: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)


def _here(number: int) -> str:
    return f"/sys/dev/block/{os.major(number)}:{os.minor(number)}"


def _number(path: str) -> int | None:
    major, colon, minor = proc.read(path).strip().partition(":")
    return os.makedev(int(major), int(minor)) if colon else None


def _block_device(path: str) -> int | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_rdev if stat.S_ISBLK(found.st_mode) else None


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
