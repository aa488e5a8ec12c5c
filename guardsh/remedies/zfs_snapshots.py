"""Snapshots of ZFS datasets: several of one pool at once, marked and found again by a user property."""

from __future__ import annotations

import os
from collections.abc import Iterator

from guardsh.remedies.record import Held, NotDoneError, Record, from_text, to_text
from guardsh.system import copying, detached, standing, tool

TITLE = "ZFS dataset"
_MARK = "guardsh"
PROPERTY = "guardsh:saved"  # zfsprops(7), User Properties: a colon in the name, at most 8191 bytes
_MOST = 8191
_LIST = ("zfs", "list", "-H", "-t", "snapshot", "-o", f"name,{PROPERTY}")


def holding(path: str) -> tuple[Held, ...]:
    """The dataset that is mounted there, and those mounted below the path."""
    here = standing.mount_of(path)
    if here is None or here.kind != "zfs" or "@" in here.source:
        return ()
    below = (Held(each.point, "zfs", each.source) for each in standing.below(path) if each.kind == "zfs")
    return (Held(path, "zfs", here.source, here.inside(path)), *(each for each in below if "@" not in each.unit))


def at_once(units: tuple[str, ...]) -> bool:
    """All that one `zfs snapshot` names is taken in one transaction of the pool (zfs-snapshot(8): atomically)."""
    return len({unit.partition("/")[0] for unit in units}) == 1


def take(units: tuple[str, ...], record: Record) -> None:
    """One command for each pool."""
    text = to_text(record)
    if len(text) > _MOST:
        raise NotDoneError(f"what is to be known of the snapshot does not fit into {PROPERTY}")
    for pool in dict.fromkeys(unit.partition("/")[0] for unit in units):
        names = [_name(unit, record.saved.id) for unit in units if unit.partition("/")[0] == pool]
        tool.said(("zfs", "snapshot", "-o", f"{PROPERTY}={text}", *names))


def found() -> Iterator[Record]:
    """Those with our property, where there is ZFS at all."""
    if not tool.is_here("zfs"):
        return
    for line in tool.said(_LIST).splitlines():
        name, _, text = line.partition("\t")
        record = from_text(text)
        if record is not None and name.endswith(f"@{_MARK}-{record.saved.id}"):
            yield record


def rebuild(held: Held, identifier: str, directory: int, name: str, *, plainly: bool) -> None:
    """A copy from `.zfs/snapshot`. Not `zfs rollback`: that destroys what is there now and all later snapshots."""
    del plainly  # a copy always is
    mounted = next((each for each in standing.mounts() if each.kind == "zfs" and each.source == held.unit), None)
    if mounted is None:
        raise NotDoneError(f"ZFS dataset {held.unit} is not mounted")
    snapshot = os.path.join(mounted.point, ".zfs", "snapshot", f"{_MARK}-{identifier}")
    with detached.directory(snapshot) as source:
        copying.tree(source, held.inside, directory, name)


def purge(unit: str, identifier: str) -> None:
    """The snapshot of one dataset; one with clones is refused by ZFS, and stays."""
    try:
        tool.said(("zfs", "destroy", _name(unit, identifier)))
    except OSError as error:
        if "could not find any snapshots" not in str(error) and "does not exist" not in str(error):
            raise


def _name(unit: str, identifier: str) -> str:
    return f"{unit}@{_MARK}-{identifier}"
