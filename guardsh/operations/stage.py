"""The demo's node: a primary, its replica, an aborted restore and an unrelated tree, in a temporary directory."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass

from guardsh.operations.lab import Lab, LabServer

GUARDED = ("pg_ctl", "rm", "wal-g")
# What wal-g makes first of a restore (reference: its tar extraction creates directories before files).
_RESTORE_DIRECTORIES = (
    "base", "base/1", "base/4", "base/5", "global", "pg_commit_ts", "pg_dynshmem", "pg_logical", "pg_logical/mappings",
    "pg_logical/snapshots", "pg_multixact", "pg_multixact/members", "pg_multixact/offsets", "pg_notify", "pg_replslot",
    "pg_serial", "pg_snapshots", "pg_stat", "pg_stat_tmp", "pg_subtrans", "pg_tblspc", "pg_twophase", "pg_wal",
    "pg_xact",
)  # fmt: skip
_WAL_G = """\
#!/bin/sh
# A stand-in for wal-g, which no package manager brings: refuses a directory that is not empty, as wal-g does.
case " $* " in *" --version "*) echo "wal-g version v3.0.8	0000000	2026.01.20_00:00:00	PostgreSQL"; exit ;; esac
for word; do case $word in /*) [ -z "$(ls -A "$word" 2>/dev/null)" ] ||
    { echo "ERROR: Failed to fetch backup: Directory $word for delta base must be empty" >&2; exit 1; } ;; esac; done
echo "(the stand-in for wal-g ran: wal-g $*)"
"""
_PG_CTL = """\
#!/bin/sh
# pg_ctl refuses root; the demo's servers belong to another account.
exec setpriv --reuid={uid} --regid={gid} --clear-groups -- {pg_ctl} "$@"
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Paths of the demo. ``environment`` is what an operator's shell on it gets."""

    directory: str
    primary: LabServer
    replica: LabServer
    restore: str
    build: str
    environment: dict[str, str]


def set_stage(lab: Lab) -> Stage:
    """Start the servers and lay out everything else. Raises LabError."""
    primary = lab.primary("primary")
    replica = lab.replica(primary, "replica")
    primary.until("select count(*) = 1 from pg_stat_replication where state = 'streaming'")
    restore, build = os.path.join(lab.directory, "restore"), os.path.join(lab.directory, "build")
    lay_out_restore(lab, restore)
    for name in ("build", "build/objects"):
        os.mkdir(os.path.join(lab.directory, name))
    for name in ("main.o", "objects/part.o"):
        _write(os.path.join(build, name), "")
    return Stage(lab.directory, primary, replica, restore, build, _environment(lab))


def lay_out_restore(lab: Lab, directory: str) -> None:
    """What an aborted backup-fetch leaves: 24 directories, and no file."""
    for name in ("", *_RESTORE_DIRECTORIES):
        path = os.path.join(directory, name)
        os.makedirs(path, exist_ok=True)
        lab.give(path)


def _environment(lab: Lab) -> dict[str, str]:
    links, tools = os.path.join(lab.directory, "bin"), os.path.join(lab.directory, "tools")
    os.mkdir(links)
    os.mkdir(tools)
    for name in GUARDED:
        os.symlink(_front_door(), os.path.join(links, name))
    os.symlink(_front_door(), os.path.join(links, "guardsh"))
    _write(os.path.join(tools, "wal-g"), _WAL_G, 0o755)
    if lab.account is not None:
        pg_ctl = shlex.quote(lab.binaries.path("pg_ctl"))
        script = _PG_CTL.format(uid=lab.account.uid, gid=lab.account.gid, pg_ctl=pg_ctl)
        _write(os.path.join(tools, "pg_ctl"), script, 0o755)
    path = ":".join((links, tools, lab.binaries.directory, os.environ.get("PATH", os.defpath)))
    return {**os.environ, **lab.binaries.environment, "PATH": path}


def _front_door() -> str:
    """The installed script of this very guardsh."""
    return os.path.join(os.path.dirname(sys.executable), "guardsh")


def _write(path: str, text: str, mode: int = 0o644) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
