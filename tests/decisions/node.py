"""One node of the decision book, in namespaces of its own: what guardsh says to every line there.

``python -m tests.decisions.node KIND SHARED``, started by test_lines.py below ``unshare``: it sees no process of
another test, its host is called db-01, and /var/lib/postgresql, /etc/postgresql, /root … are its own.
The lines arrive as JSON on standard input, the verdicts leave as JSON on standard output.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from guardsh.model.verdict import Caller
from guardsh.operations.lab import PATIENCE, SETTINGS, Lab, LabServer
from tests.decisions import places
from tests.decisions.judging import verdict_on
from tests.decisions.places import CONFIGURATION, DATA, TABLESPACE

_IN_CONFIGURATION = ("postgresql.conf", "pg_hba.conf", "pg_ident.conf")
_AT_A_TERMINAL = Caller(True, "", 0)
# What wal-g leaves behind when it is stopped before the first file: directories only.
_ABORTED = (
    *("base/1", "base/4", "base/5", "global", "pg_commit_ts", "pg_dynshmem", "pg_logical/mappings"),
    *("pg_logical/snapshots", "pg_multixact/members", "pg_multixact/offsets", "pg_notify", "pg_replslot", "pg_serial"),
    *("pg_snapshots", "pg_stat", "pg_stat_tmp", "pg_subtrans", "pg_tblspc", "pg_twophase", "pg_wal/archive_status"),
    "pg_xact",
)


def main() -> None:
    kind, shared = sys.argv[1:]
    places.make(shared)
    lines = json.load(sys.stdin)
    with Lab("/srv/lab") as lab:
        KINDS[kind](lab, shared)
        json.dump([_judged(line) for line in lines], sys.stdout)


def _judged(line: dict[str, str]) -> dict[str, Any]:
    """Where the directory is missing, nobody can stand in it."""
    here = line["in"] if os.path.isdir(line["in"]) else "/root"
    os.chdir(here)
    os.environ["PWD"] = here
    verdict = verdict_on(line["line"], _AT_A_TERMINAL)
    reasons = [reason.sentence for reason in verdict.reasons]
    return {"verdict": verdict.decision.name.lower(), "summary": verdict.summary, "reasons": reasons}


def _primary(lab: Lab, shared: str) -> None:
    """Its replica is made by the test, outside, where the node does not see it run."""
    server = _cluster(lab, shared)
    lab.initialise(server.directory)
    _settle(server, shared)
    for database, statement in places.SHOP:
        lab.run("psql", *_to("/run/postgresql"), "-d", database, "-c", statement.format(TABLESPACE))
    _await(lab, "select from pg_stat_replication where application_name = 'standby' and replay_lsn is not null")


def _replica(lab: Lab, shared: str) -> None:
    server = _cluster(lab, shared)
    moved = f"{os.path.dirname(shared)}/fast={TABLESPACE}"
    lab.run("pg_basebackup", *_to(shared), "-D", server.directory, "-c", "fast", "-R", "-T", moved, "--no-sync")
    _settle(server, shared)
    _await(lab, "select from pg_stat_wal_receiver where status = 'streaming'")


def _await(lab: Lab, row: str) -> None:
    """Until the server of this node has such a row."""
    end = time.monotonic() + PATIENCE
    asked = ("psql", "-h", "/run/postgresql", "-U", "postgres", "-Atc", f"select exists ({row})")
    while lab.run(*asked).strip() != "t":
        assert time.monotonic() < end, row
        time.sleep(0.05)


def _aborted(lab: Lab, shared: str) -> None:
    for name in _ABORTED:
        os.makedirs(f"{DATA}/{name}", mode=0o700)
    places.run("chown", "-R", "postgres:", "/var/lib/postgresql")
    os.makedirs(CONFIGURATION)
    for name in _IN_CONFIGURATION:
        Path(CONFIGURATION, name).write_text(f"data_directory = '{DATA}'\n", encoding="utf-8")


def _none(lab: Lab, shared: str) -> None:
    """Nothing of Postgres."""


KINDS: dict[str, Callable[[Lab, str], None]] = {
    "primary": _primary,
    "replica": _replica,
    "aborted": _aborted,
    "none": _none,
}


def _cluster(lab: Lab, shared: str) -> LabServer:
    """A server that has Debian's places, and a second socket where the test outside reaches it."""
    server = lab.add("main")
    server.port = 5432
    server.directory = DATA
    for place in (os.path.dirname(DATA), CONFIGURATION, TABLESPACE, "/run/postgresql"):
        os.makedirs(place, exist_ok=True)
        places.run("chown", "postgres:", place)
    return server


def _settle(server: LabServer, shared: str) -> None:
    own = "/run/postgresql" + (f", {shared}" if not os.path.exists(f"{shared}/.s.PGSQL.5432") else "")
    server.configure({**SETTINGS, "unix_socket_directories": own, "port": "5432", "archive_mode": "on",
                      "archive_command": "true"})  # fmt: skip
    for name in _IN_CONFIGURATION:
        shutil.move(server.path(name), f"{CONFIGURATION}/{name}")
        server.lab.give(f"{CONFIGURATION}/{name}")
    named = {
        "data_directory": DATA,
        "hba_file": f"{CONFIGURATION}/pg_hba.conf",
        "ident_file": f"{CONFIGURATION}/pg_ident.conf",
    }
    with open(f"{CONFIGURATION}/postgresql.conf", "a", encoding="utf-8") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in named.items())
    server.start("-c", f"config_file={CONFIGURATION}/postgresql.conf")


def _to(shared: str) -> tuple[str, ...]:
    return ("-h", shared, "-p", "5432", "-U", "postgres")


if __name__ == "__main__":
    main()
