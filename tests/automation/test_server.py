"""What a real server runs passes the shims unasked: archiving, recovery; and pg_ctl starts a server through them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from guardsh.operations.lab import Lab
from guardsh.system.apart import Account, Deadline, apart
from tests.install.shim import Shim

FRONT_DOOR = Path(sys.executable).with_name("guardsh")

WAL_G = """
archive=${0%/*}/../archive
case $1 in
    wal-push) cp "$2" "$archive/" ;;
    wal-fetch) cp "$archive/$2" "$3" ;;
    *) exit 1 ;;
esac
"""


@pytest.fixture
def bench(lab: Lab) -> Shim:
    """The servers' PATH begins with shims; whatever one of them asked would be refused."""
    place = Path(lab.directory) / "bench"
    for directory in (place, place / "archive"):
        directory.mkdir()
        lab.give(str(directory))
    shim = Shim.make(place)
    shim.program("real/wal-g", WAL_G)
    shim.program("guardsh", 'echo "$@" >>"${0%/*}/archive/asked"; exit 77')
    path = f"{place}/shims:{place}/real:{lab.binaries.directory}:/usr/bin:/bin"
    lab.binaries = replace(lab.binaries, environment={**lab.binaries.environment, "PATH": path})
    return shim


def asked(bench: Shim) -> list[str]:
    file = bench.place / "archive" / "asked"
    return file.read_text().splitlines() if file.exists() else []


def test_archive_command_and_restore_command(lab: Lab, bench: Shim) -> None:
    primary = lab.primary(settings={"archive_mode": "on", "archive_command": "wal-g wal-push %p"})
    primary.sql("CREATE TABLE kept AS SELECT 1 AS number")
    copy = lab.add("copy")
    lab.copy(primary, copy.directory)
    primary.sql("INSERT INTO kept VALUES (2)")
    segment = primary.sql("SELECT pg_walfile_name(pg_switch_wal())")
    primary.until(f"SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver")
    primary.stop()
    copy.configure({"port": str(copy.port), "restore_command": "wal-g wal-fetch %f %p", "archive_mode": "off"})
    copy.touch("recovery.signal")
    copy.start()
    copy.until("SELECT NOT pg_is_in_recovery()")
    assert copy.sql("SELECT count(*) FROM kept") == "2"
    assert (bench.place / "archive" / segment).exists()
    assert asked(bench) == []


def _may_run(account: Account) -> bool:
    seen = apart(lambda: os.access(FRONT_DOOR, os.X_OK) and os.access(sys.executable, os.X_OK), Deadline(5.0), account)
    return getattr(seen, "value", False) is True


@pytest.fixture
def pg_ctl(lab: Lab, bench: Shim) -> Iterator[list[str]]:
    """A directory with pg_ctl as a link to the front door, first on PATH."""
    if lab.account is not None and not _may_run(lab.account):
        pytest.skip("the servers' account may not run this interpreter")
    links = Path(lab.directory) / "links"
    links.mkdir()
    (links / "pg_ctl").symlink_to(FRONT_DOOR)
    yield [str(links)]


def test_pg_ctl_finds_the_server_beside_itself(lab: Lab, bench: Shim, pg_ctl: list[str]) -> None:
    server = lab.primary()
    server.stop()
    (bench.place / "real" / "pg_ctl").unlink()
    bench.program("guardsh", "exit 86")
    for first in (f"{bench.place}/shims", *pg_ctl):
        path = f"{first}:{lab.binaries.directory}:/usr/bin:/bin"
        environment = {**lab.environment(), "PATH": path}
        account = {} if lab.account is None else {"user": lab.account.uid, "group": lab.account.gid, "extra_groups": ()}
        start = ["pg_ctl", "start", "-w", "-D", server.directory, "-l", f"{server.directory}/started.log"]
        done = subprocess.run(
            start,
            executable=os.path.join(first, "pg_ctl"),
            env=environment,
            cwd=lab.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=False,
            **account,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, done.stdout
        lab.run("pg_ctl", "stop", "-D", server.directory, "-m", "fast", "-w")
