"""Snapshots of LVM's thin volumes: read-only, not active until they are needed, marked and found again by tags."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import zlib
from collections.abc import Iterator
from typing import Any

from guardsh.remedies.record import Held, NotDoneError, Record, from_text, to_text
from guardsh.system import copying, detached, standing, tool

TITLE = "thin volume"
_MARK = "guardsh"
# A tag has at most 1024 characters, of A-Za-z0-9_+.-/=!:&# (lvm(8)); one that is too long is cut into numbered ones.
_PIECE = 900
_COLUMNS = ("--reportformat", "json", "--options", "vg_name,lv_name,segtype,lv_tags")
# The file system was frozen for the moment of the snapshot (dm suspend), so that there is nothing to replay; xfs(5):
# a second one with the UUID of a mounted one is refused without nouuid.
_READING: dict[str, dict[str, str | None]] = {
    "xfs": {"ro": None, "norecovery": None, "nouuid": None},
    "ext4": {"ro": None, "noload": None},
}


def holding(path: str) -> tuple[Held, ...]:
    """The thin volume that the file system of a path lies on directly: xfs or ext4."""
    here = standing.mount_of(path)
    if here is None or here.kind not in _READING or not _is_volume(here.device) or not tool.is_here("lvs"):
        return ()
    device = _link(f"/sys/dev/block/{here.device}")
    rows = _listed(f"/dev/mapper/{_text(f'{device}/dm/name')}")
    thin = [f"{row['vg_name']}/{row['lv_name']}" for row in rows if row["segtype"] == "thin"]
    return tuple(Held(path, "lvm", unit, here.inside(path)) for unit in thin[:1])


def at_once(units: tuple[str, ...]) -> bool:
    """lvcreate makes one after the other."""
    return len(units) == 1


def take(units: tuple[str, ...], record: Record) -> None:
    """The kernel freezes the file system for the moment of each; it takes no size, and blocks of the pool as needed."""
    tags = [word for tag in _tags(to_text(record)) for word in ("--addtag", tag)]
    for unit in units:
        options = (
            "--snapshot",
            "--permission",
            "r",
            "--setactivationskip",
            "y",
            "--name",
            _name(unit, record.saved.id),
        )
        tool.said(("lvcreate", "--quiet", *options, *tags, unit))


def found() -> Iterator[Record]:
    """Those with our tags, where there is LVM at all."""
    if not tool.is_here("lvs") or not os.path.exists("/dev/mapper/control"):
        return
    for row in _listed(f"@{_MARK}"):
        record = _record(row["lv_tags"].split(","))
        if record is not None:
            yield record


def rebuild(held: Held, identifier: str, directory: int, name: str, *, plainly: bool) -> None:
    """A copy from the snapshot, opened for that time only. Not `lvconvert --merge`: it overwrites what is there now."""
    del plainly  # a copy always is
    group, snapshot = held.unit.partition("/")[0], _name(held.unit, identifier)
    with _active(f"{group}/{snapshot}") as device, _opened(device) as source:
        copying.tree(source, held.inside, directory, name)


def purge(unit: str, identifier: str) -> None:
    """The snapshot of one volume."""
    name = f"{unit.partition('/')[0]}/{_name(unit, identifier)}"
    try:
        tool.said(("lvremove", "--quiet", "--yes", name))
    except OSError as error:
        if "Failed to find logical volume" not in str(error):
            raise


@contextlib.contextmanager
def _active(volume: str) -> Iterator[str]:
    tool.said(("lvchange", "--quiet", "--activate", "y", "--ignoreactivationskip", volume))
    try:
        yield f"/dev/{volume}"
    finally:
        tool.said(("lvchange", "--quiet", "--activate", "n", volume))


@contextlib.contextmanager
def _opened(device: str) -> Iterator[int]:
    kind = tool.said(("blkid", "-p", "-s", "TYPE", "-o", "value", device)).strip()
    if kind not in _READING:
        raise NotDoneError(f"{device} holds {kind or 'no file system'}, which guardsh does not read")
    with detached.opened(kind, device, _READING[kind]) as root:
        yield root


def _tags(text: str) -> list[str]:
    packed = base64.b64encode(zlib.compress(text.encode("ascii"), 9)).decode("ascii")
    pieces = [packed[at : at + _PIECE] for at in range(0, len(packed), _PIECE)]
    return [_MARK, *(f"{_MARK}:{number:02}:{piece}" for number, piece in enumerate(pieces))]


def _record(tags: list[str]) -> Record | None:
    pieces = sorted(tag.split(":", 2)[1:] for tag in tags if tag.startswith(f"{_MARK}:"))
    try:
        return from_text(zlib.decompress(base64.b64decode("".join(piece for _, piece in pieces))).decode("ascii"))
    except (ValueError, zlib.error):
        return None


def _listed(which: str) -> list[dict[str, Any]]:
    reports = json.loads(tool.said(("lvs", *_COLUMNS, which)))["report"]
    return [row for report in reports for row in report["lv"]]


def _is_volume(number: str) -> bool:
    return _text(f"/sys/dev/block/{number}/dm/uuid").startswith("LVM-")


def _name(unit: str, identifier: str) -> str:
    return f"{_MARK}-{identifier}-{unit.partition('/')[2]}"


def _link(path: str) -> str:
    return os.path.realpath(path)


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
