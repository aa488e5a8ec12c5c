"""Whether each md array would come up again at the next boot: superblocks, reshape, mdadm.conf."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import lcm

from guardsh.model.boot import Assembly, Obstacle
from guardsh.model.observed import Known, Unknown
from guardsh.model.storage import Array, Health, Member
from guardsh.observe import backup_file, mdadm_conf, superblock
from guardsh.observe.superblock import Missing, Reshape, Superblock
from guardsh.system import proc
from guardsh.system.apart import Deadline, apart, side_by_side

_PARITY = {"raid4": 1, "raid5": 1, "raid6": 2}
_CLOSE = 1  # events by which members may differ while one is being written (super_1_validate, md.c)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one member's disk says."""

    member: Member
    found: Superblock | Missing | Unknown


def assemblies(arrays: Sequence[Array], deadline: Deadline, root: str = "/") -> tuple[Assembly, ...]:
    """One for each array that runs. A disk that does not answer by the deadline is a doubt."""
    running = [each for each in arrays if each.health is not Health.INACTIVE and each.metadata in superblock.VERSIONS]
    wanted = [
        (array, member) for array in running for member in array.members if member.state in ("in_sync", "journal")
    ]
    found = _all([partial(_read, array, member, root) for array, member in wanted], deadline)
    looks = [(array, _Look(member, each)) for (array, member), each in zip(wanted, found, strict=True)]
    try:
        configuration: mdadm_conf.Configuration | str = mdadm_conf.read(root)
    except OSError as error:
        configuration = f"could not read mdadm.conf: {(error.strerror or '').lower()}"
    backup = partial(_backup, deadline=deadline, root=root)
    return tuple(
        _assembly(array, [look for at, look in looks if at is array], configuration, backup) for array in running
    )


def _backup(array: Array, deadline: Deadline, root: str) -> str:
    told = apart(partial(backup_file.fate, array, root), deadline)
    return told.value if isinstance(told, Known) else ""


def _read(array: Array, member: Member, root: str) -> Superblock | Missing:
    """Only from the device that the array itself has open: a node in /dev may be another's."""
    path = os.path.join(root, "dev", member.device)
    number = proc.read(os.path.join(root, f"sys/block/{array.name}/md/dev-{member.device.replace('/', '!')}/block/dev"))
    device = os.stat(path).st_rdev
    if number.strip() not in ("", f"{os.major(device)}:{os.minor(device)}"):
        raise OSError(f"{path} is not the member of {array.name}")
    return superblock.read(path, array.metadata)


_Found = Superblock | Missing | Unknown


def _all(reads: list[Callable[[], Superblock | Missing]], deadline: Deadline) -> list[_Found]:
    """One after the other in one child, which is soon done; where a disk hangs, each in its own."""
    together = apart(lambda: list(map(_tried, reads)), Deadline(deadline.left() / 2))
    if isinstance(together, Known):
        return list(together.value)
    return [each.value if isinstance(each, Known) else each for each in side_by_side(reads, deadline)]


def _tried(read: Callable[[], Superblock | Missing]) -> _Found:
    """In the words of apart."""
    try:
        return read()
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        return Unknown(f"could not read{where}: {error.strerror.lower()}" if error.strerror else f"OSError: {error}")


def _assembly(
    array: Array,
    looks: list[_Look],
    configuration: mdadm_conf.Configuration | str,
    backup: Callable[[Array], str],
) -> Assembly:
    good = [look.found for look in looks if isinstance(look.found, Superblock)]
    uuid = array.uuid or next((each.uuid for each in good), "")
    newest = max((each.events for each in good), default=0)
    lacks = [(look.member, why) for look in looks if (why := _lack(look.found, uuid, newest))]
    doubts = list(_unseen(looks))
    obstacles = [*_missing(array, lacks), *_too_few(array, lacks), *_reshaping(array, good, backup)]
    remarks: list[str] = []
    if isinstance(configuration, str):
        doubts.append(configuration)
    else:
        obstacles += _not_started(array, uuid, configuration)
        remarks += _not_named(array, uuid, configuration)
    return Assembly(array.name, tuple(obstacles), tuple(doubts), tuple(remarks))


def _unseen(looks: Sequence[_Look]) -> Iterator[str]:
    why = [look.found.why for look in looks if isinstance(look.found, Unknown)]
    if why:
        yield f"{len(why)} of {len(looks)} superblocks cannot be seen: {why[0]}"


def _lack(found: Superblock | Missing | Unknown, uuid: str, newest: int) -> str:
    """Why this member would not be taken; "" where it would, or that is not known."""
    if isinstance(found, Missing):
        return found.why
    if isinstance(found, Unknown):
        return ""
    if uuid not in _spellings(found.uuid):
        return "is of another array"
    if found.events + _CLOSE < newest:
        return f"is out of date (event {found.events} of {newest})"
    return ""


def _missing(array: Array, lacks: Sequence[tuple[Member, str]]) -> Iterator[Obstacle]:
    for member, why in lacks:
        yield Obstacle(f"the superblock of {_member(member, array)} {why}", f"mdadm --examine /dev/{member.device}")


def _too_few(array: Array, lacks: Sequence[tuple[Member, str]]) -> Iterator[Obstacle]:
    lost = {member.slot for member, _ in lacks}
    left = {each.slot for each in array.members if each.state == "in_sync" and each.slot is not None} - lost
    named = any(each.slot is not None for each in array.members if each.device)
    if array.health is Health.FAILED or (lacks and named and array.layout and not array.layout.has_data(left)):
        few = f"too few members would be found to start it, {len(left)} of {array.expected}"
        yield Obstacle(few, f"mdadm --detail /dev/{array.name}")


def _reshaping(array: Array, good: Sequence[Superblock], backup: Callable[[Array], str]) -> Iterator[Obstacle]:
    reshape = next((each.reshape for each in good if each.reshape), None)
    if reshape and reshape.in_place and _is_critical(array, reshape):
        file = backup(array) or "a backup file that nothing names at boot"
        critical = f"its reshape is in the critical section, and goes on only with {file}"
        yield Obstacle(critical, f"mdadm --detail /dev/{array.name}")


def _is_critical(array: Array, reshape: Reshape) -> bool:
    """Whether what is written may lie over what is not read yet.

    Always, where the number of members stays or shrinks. While it grows, until the next stripes are written below the
    one that is read: position / new + stripes <= position / old, in data disks.
    """
    parity = _PARITY.get(array.level)
    if parity is None:
        return False
    new, old = reshape.disks - parity, reshape.disks - reshape.delta - parity
    if reshape.delta <= 0 or old < 1:
        return True
    return reshape.position * (new - old) < reshape.chunk * lcm(old, new) * old


def _not_started(array: Array, uuid: str, configuration: mdadm_conf.Configuration) -> Iterator[Obstacle]:
    uuids = _spellings(uuid)
    see = f"mdadm --detail --brief /dev/{array.name}"
    if configuration.ignores(uuids):
        yield Obstacle("mdadm.conf says to ignore it", see)
    elif not configuration.names(array.name, uuids) and not configuration.assembles_others(array.metadata):
        yield Obstacle("it is not in mdadm.conf, and what is not there is not assembled", see)


def _not_named(array: Array, uuid: str, configuration: mdadm_conf.Configuration) -> Iterator[str]:
    if not configuration.names(array.name, _spellings(uuid)):
        yield f"{array.name} is not in mdadm.conf: it may come up under another name (md127)"


def _spellings(uuid: str) -> frozenset[str]:
    """As it is, and with the bytes of each word turned: of version 0.90, /sys and mdadm write it differently."""
    words = [uuid[n : n + 8] for n in range(0, len(uuid), 8)]
    turned = "".join(bytes.fromhex(word)[::-1].hex() for word in words if len(word) == 8)
    return frozenset({uuid, turned})


def _member(member: Member, array: Array) -> str:
    slot = "" if member.slot is None else f"member {member.slot} of "
    return f"{member.device} ({slot}{array.name})"
