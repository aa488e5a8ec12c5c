"""ZFS pools as arrays, by `zpool status`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from math import ceil

from guardsh.model.observed import Unknown
from guardsh.model.storage import Array, Health, Member, Progress
from guardsh.observe.volumes import ask
from guardsh.system.apart import Deadline

_KSTAT = "proc/spl/kstat/zfs"  # a directory for each imported pool
_ASK = ("zpool", "status", "-P", "-p")
_HEALTH = {"ONLINE": Health.CLEAN, "DEGRADED": Health.DEGRADED}
_VDEVS = ("mirror", "raidz", "draid", "spare", "replacing", "logs", "cache", "special", "dedup", "spares")
_MOVING = re.compile(r"(scrub|resilver) in progress")
# print_scan_scrub_resilver_status of cmd/zpool/zpool_main.c: "1T scanned out of 9T at 4M/s" before 0.8, then
# "1T scanned at 5M/s, 1T issued at 4M/s, 9T total", and since 2.2 "1T / 9T scanned at 5M/s, 1T / 9T issued at 4M/s".
_SPEED = re.compile(r"(?:issued|scanned out of \S+) at ([0-9.]+[KMGTPE]?)B?/s")
_TOTAL = re.compile(r"([0-9.]+[KMGTPE]?)B? (?:total|issued)|scanned out of ([0-9.]+[KMGTPE]?)B?")
_COUNTERS = re.compile(r"(?m)^\t *(\S+) +[A-Z]+ +(\d+) +(\d+) +(\d+)")
_DONE = re.compile(r"([0-9.]+)% done")
_UNITS = {unit: 1024**power for power, unit in enumerate("KMGTPE", start=1)}
_SECTOR = 512


def arrays(deadline: Deadline, root: str = "/") -> tuple[Array, ...]:
    """Every imported pool; one that cannot be asked is of unknown health, and says so."""
    base = os.path.join(root, _KSTAT)
    names = sorted(name for name in _names(base) if os.path.isdir(f"{base}/{name}"))
    if not names:
        return ()
    said = ask(_ASK, deadline)
    if isinstance(said, Unknown):
        return tuple(_unseen(name, said.why) for name in names)
    return tuple(parse(said.value))


def parse(text: str) -> Iterator[Array]:
    """What zpool prints (zpool-status(8), OpenZFS 2.1): blocks that begin with ``pool:``."""
    for block in re.split(r"(?m)^ *pool: ", text)[1:]:
        name, _, rest = block.partition("\n")
        yield _pool(name.strip(), rest)


def _pool(name: str, block: str) -> Array:
    state = _field(block, "state")
    members = tuple(_members(name, block))
    working = sum(member.state == "in_sync" for member in members)
    progress = _progress(_field(block, "scan"))
    return Array(
        name=name,
        level=" ".join(
            ("zfs", *dict.fromkeys(re.findall(r"^\t +((?:mirror|raidz\d?|draid\d?))", block, re.MULTILINE)))
        ),
        health=_health(state, progress),
        expected=len(members),
        working=working,
        members=members,
        progress=progress,
        read_only="",
        source=" ".join(_ASK),
        doubts=tuple(_doubts(state, block)),
        metadata="zfs",
    )


def _health(state: str, progress: Progress | None) -> Health:
    if progress and progress.action == "recovery" and state in _HEALTH:
        return Health.RECOVERING
    if progress and progress.action == "check" and state == "ONLINE":
        return Health.CHECKING
    return _HEALTH.get(state, Health.FAILED)


def _doubts(state: str, block: str) -> Iterator[str]:
    if state not in _HEALTH:
        yield f"it is {state or 'in no known state'}"
    errors = _field(block, "errors")
    if errors and errors != "No known data errors":
        yield f"errors: {errors}"
    for name, *counters in _COUNTERS.findall(block):
        if any(map(int, counters)):
            yield f"{os.path.basename(name)} had {'/'.join(counters)} errors of read/write/checksum"


def _members(pool: str, block: str) -> Iterator[Member]:
    """The leaves of its configuration: lines of name, state and counters that are neither pool nor group."""
    for match in re.finditer(r"^\t *(\S+) +([A-Z]+)(?: +\d+){3}", block, re.MULTILINE):
        name, state = match.groups()
        if name != pool and not name.startswith(_VDEVS):
            yield Member(os.path.basename(name), None, {"ONLINE": "in_sync"}.get(state, "faulty"))


def _progress(scan: str) -> Progress | None:
    moving = _MOVING.search(scan)
    if moving is None:
        return None
    done = _DONE.search(scan)
    speed, totals = _SPEED.search(scan), [_bytes(one or other) for one, other in _TOTAL.findall(scan)]
    sectors = totals[-1] // _SECTOR if totals else 0
    action = "recovery" if moving[1] == "resilver" else "check"
    held = "paused" if "paused" in scan else ""
    fraction = min(1.0, float(done[1]) / 100) if done else 0.0  # more than 100 % is seen, too
    return Progress(ceil(fraction * sectors), sectors, _bytes(speed[1]) // 1024 if speed else None, held, action)


def _bytes(text: str) -> int:
    """
    >>> _bytes("1.5K"), _bytes("640")
    (1536, 640)
    """
    return int(float(text.rstrip("KMGTPE")) * _UNITS.get(text[-1], 1))


def _field(block: str, name: str) -> str:
    """One field with its further lines, which begin with a tab or four blanks, as one."""
    match = re.search(rf"(?m)^ {{0,2}}{name}: (.*(?:\n(?:\t| {{4}}).*)*)", block)
    return " ".join(match[1].split()) if match else ""


def _unseen(name: str, why: str) -> Array:
    doubt = f"what state it is in cannot be seen: {why}"
    return Array(name, "zfs", Health.UNKNOWN, None, 0, (), None, "", f"/{_KSTAT}", (doubt,), metadata="zfs")


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
