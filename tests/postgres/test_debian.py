"""Debian's cluster tools on a real cluster, in a mount namespace of its own: what guardsh decides about them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_PLACES = ("/etc/postgresql", "/var/lib/postgresql", "/var/log/postgresql", "/run/postgresql")
_VERSION = max((path.name for path in Path("/usr/lib/postgresql").glob("[0-9]*")), default="")

# Everything is gone with the namespace but the server, which is stopped.
_SETUP = f"""
set -e
for place in {" ".join(_PLACES)}; do mount -t tmpfs -o mode=1777 tmpfs $place; done
cd /
pg_createcluster {_VERSION} main -- --no-sync >/dev/null
echo "listen_addresses = ''" >> /etc/postgresql/{_VERSION}/main/postgresql.conf
decide() {{ echo "$*: $({sys.executable} -m guardsh check -- "$@" >/dev/null 2>&1 && echo 0 || echo $?)"; }}
trap 'pg_ctlcluster {_VERSION} main stop -m immediate 2>/dev/null || true' EXIT
"""
RUNS, ASKS, REFUSES = "0", "10", "11"


def _play(script: str) -> dict[str, str]:
    """Each line that was decided about, without the version, and the exit status of ``guardsh check``."""
    if os.geteuid() != 0 or shutil.which("pg_createcluster") is None or not _VERSION:
        pytest.skip("needs root, and postgresql-common with a server")
    if not all(map(os.path.isdir, _PLACES)):
        pytest.skip(f"needs {' '.join(_PLACES)}")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs mount namespaces")
    played = subprocess.run(
        ["unshare", "-m", "bash", "-c", _SETUP + script], capture_output=True, text=True, check=False
    )
    assert played.returncode == 0, played.stderr
    return dict(line.replace(f" {_VERSION} ", " V ").rsplit(": ", 1) for line in played.stdout.splitlines())


def test_on_a_running_cluster() -> None:
    decided = _play(f"""
        pg_ctlcluster {_VERSION} main start
        decide pg_dropcluster --stop {_VERSION} main
        decide pg_upgradecluster --link {_VERSION} main
        decide pg_createcluster {_VERSION} main
        decide pg_ctlcluster {_VERSION} main stop
        decide pg_ctlcluster {_VERSION} main reload
        decide pg_renamecluster {_VERSION} main other
        decide systemctl stop postgresql@{_VERSION}-main
        decide systemctl reload-or-restart postgresql@{_VERSION}-main
        decide pg_dropcluster {_VERSION} other
        decide pg_createcluster {_VERSION} other
        decide pg_restorecluster {_VERSION} other /some.backup
        """)
    assert decided == {
        "pg_dropcluster --stop V main": REFUSES,
        "pg_upgradecluster --link V main": REFUSES,
        "pg_createcluster V main": REFUSES,
        "pg_ctlcluster V main stop": ASKS,
        "pg_ctlcluster V main reload": RUNS,
        "pg_renamecluster V main other": ASKS,
        f"systemctl stop postgresql@{_VERSION}-main": ASKS,
        f"systemctl reload-or-restart postgresql@{_VERSION}-main": RUNS,
        "pg_dropcluster V other": RUNS,
        "pg_createcluster V other": RUNS,
        "pg_restorecluster V other /some.backup": RUNS,
    }


def test_on_a_stopped_cluster_whose_data_is_elsewhere() -> None:
    decided = _play(f"""
        mv /var/lib/postgresql/{_VERSION}/main /var/lib/postgresql/moved
        sed -i "s|^data_directory.*|data_directory = '/var/lib/postgresql/moved'|" \
            /etc/postgresql/{_VERSION}/main/postgresql.conf
        decide pg_dropcluster {_VERSION} main
        decide pg_ctlcluster {_VERSION} main start
        decide pg_ctlcluster {_VERSION} main stop
        decide pg_createcluster -d /var/lib/postgresql/moved {_VERSION} other
        pg_dropcluster {_VERSION} main
        echo "left: $(ls /var/lib/postgresql)"
        """)
    assert decided == {
        "pg_dropcluster V main": ASKS,
        "pg_ctlcluster V main start": RUNS,
        "pg_ctlcluster V main stop": RUNS,
        "pg_createcluster -d /var/lib/postgresql/moved V other": ASKS,
        "left": "",
    }


def test_the_real_pg_createcluster_deletes_a_cluster_that_it_fails_to_take_over() -> None:
    """The reason why taking over is asked about."""
    decided = _play(f"""
        rm -r /etc/postgresql/{_VERSION}/main
        for name in postgresql pg_hba pg_ident; do
            cp /usr/share/postgresql/{_VERSION}/$name.conf.sample /var/lib/postgresql/{_VERSION}/main/$name.conf
        done
        decide pg_createcluster {_VERSION} main
        pg_createcluster -s /proc/none {_VERSION} main >/dev/null 2>&1 || true
        echo "left: $(ls /var/lib/postgresql)"
        """)
    assert decided == {"pg_createcluster V main": ASKS, "left": ""}
