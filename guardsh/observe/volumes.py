"""What /sys does not tell of volumes and pools: those that are not active, asked of LVM's and ZFS's own tools."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from functools import partial

from guardsh.model.observed import Known, Observed, Unknown
from guardsh.system import program
from guardsh.system.apart import Deadline, apart

_SHARE = 0.4  # of the time left: what hangs leaves some to those that come after it
_DIRECTORIES = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")
_LVS = ("lvs", "--reportformat", "json", "--options", "vg_name,lv_name,segtype,lv_active,lv_health_status")
_ZPOOL = ("zpool", "list", "-v", "-H", "-P", "-L")
_ZFS = ("zfs", "list", "-H", "-r", "-t", "filesystem,volume", "-o", "name,mounted")


@dataclass(frozen=True, slots=True)
class Volume:
    """A logical volume. ``health`` is "" where LVM has nothing to say against it (lvs(8), lv_health_status)."""

    group: str
    name: str
    segments: str  # linear, striped, thin, raid1 …
    active: bool
    health: str


def logical_volumes(deadline: Deadline) -> Observed[tuple[Volume, ...]]:
    """Every visible volume of every group on this node."""
    said = ask(_LVS, deadline)
    if isinstance(said, Unknown):
        return said
    try:
        rows = [row for report in json.loads(said.value)["report"] for row in report["lv"]]
        return Known(tuple(map(_volume, rows)), "lvs")
    except (ValueError, KeyError, TypeError) as error:
        return Unknown(f"could not understand what lvs says: {error}")


def not_mounted(dataset: str, deadline: Deadline) -> Observed[tuple[str, ...]]:
    """The file systems at and below a dataset of ZFS that are not mounted, and its volumes."""
    said = ask((*_ZFS, dataset), deadline)
    if isinstance(said, Unknown):
        return said
    lines = (line.split("\t") for line in said.value.splitlines())
    return Known(tuple(fields[0] for fields in lines if fields[1:] != ["yes"]), "zfs list")


def pools(deadline: Deadline) -> Observed[dict[str, tuple[str, ...]]]:
    """Every imported pool of ZFS with the paths of its devices."""
    said = ask(_ZPOOL, deadline)
    return said if isinstance(said, Unknown) else Known(_pools(said.value), "zpool list")


def _pools(text: str) -> dict[str, tuple[str, ...]]:
    r"""The listing of `zpool list -v -H -P -L`: pools at the margin, and what they are made of behind a tab.

    >>> _pools("tank\t928G\t4M\n\tmirror-0\t928G\n\t/dev/sda1\t-\n\t/dev/sdb1\t-\nempty\t1G\n")
    {'tank': ('/dev/sda1', '/dev/sdb1'), 'empty': ()}
    """
    found: dict[str, tuple[str, ...]] = {}
    pool = ""
    for line in text.splitlines():
        name = line.strip().partition("\t")[0].strip()
        if not line[:1].isspace():
            pool, found[name] = name, ()
        elif name.startswith("/"):
            found[pool] = (*found.get(pool, ()), name)
    return found


def _volume(row: dict[str, str]) -> Volume:
    return Volume(row["vg_name"], row["lv_name"], row["segtype"], row["lv_active"] == "active", row["lv_health_status"])


def ask(words: tuple[str, ...], deadline: Deadline) -> Observed[str]:
    """What a program prints, or why it does not: any exit status but 0 is no answer. It has a part of the time left."""
    path = next((path for path in (f"{each}/{words[0]}" for each in _DIRECTORIES) if os.access(path, os.X_OK)), None)
    real = program.find(os.fsencode(path)) if path else None
    if real is None:
        return Unknown(f"{words[0]} was not found")
    limit = Deadline(deadline.left() * _SHARE)
    said = apart(partial(_run, (os.fsdecode(real), *words[1:]), limit.seconds), limit)
    return Unknown(f"{words[0]}: {said.why}") if isinstance(said, Unknown) else said.value


def _run(words: tuple[str, ...], seconds: float) -> Observed[str]:
    environment = {"PATH": ":".join(_DIRECTORIES), "LC_ALL": "C"}
    ran = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False, text=True,
        errors="replace", env=environment,
    )  # fmt: skip
    if ran.returncode:
        last = ran.stderr.strip().rpartition("\n")[2] or f"exit status {ran.returncode}"
        return Unknown(f"{os.path.basename(words[0])}: {last}")
    return Known(ran.stdout, os.path.basename(words[0]))
