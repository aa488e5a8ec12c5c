"""Patroni on a machine with everything installed: a replica made, a switch-over, a fail-over after kill -9."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.install.machine import Machine
from tests.unit.clusters import binaries

PYTHON = "/usr/bin/python3"  # Debian's patroni runs with it

_SETUP = r"""
mkdir -p /opt/demo && cd /opt/demo
for n in 1 2; do cat > n$n.yml <<END
scope: demo
name: n$n
restapi: {listen: '127.0.0.1:180${n}8', connect_address: '127.0.0.1:180${n}8'}
raft:
  data_dir: /opt/demo/raft$n
  self_addr: '127.0.0.1:122${n}1'
  partner_addrs: ['127.0.0.1:122$((3 - n))1', '127.0.0.1:12231']
bootstrap:
  dcs: {ttl: 20, loop_wait: 1, retry_timeout: 3}
  initdb: [{encoding: UTF8}]
  pg_hba: ['local all all trust', 'host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust']
postgresql:
  listen: 127.0.0.1:155${n}2
  connect_address: 127.0.0.1:155${n}2
  data_dir: /opt/demo/data$n
  authentication: {superuser: {username: postgres}, replication: {username: copier}}
  parameters: {unix_socket_directories: /opt/demo, archive_mode: 'on', archive_command: 'rm -f /opt/demo/none'}
  pgpass: /opt/demo/pgpass$n
END
done
cat > witness.yml <<END
raft: {data_dir: /opt/demo/raft3, self_addr: '127.0.0.1:12231', partner_addrs: ['127.0.0.1:12211', '127.0.0.1:12221']}
END
chown -R postgres /opt/demo
"""

# The programs of Postgres are found on PATH, behind the shims.
_PLAY = r"""
until_says() {
    for _ in $(seq 60); do
        patronictl -c n1.yml list 2>/dev/null | tr -s ' ' > list; grep -q "$1" list && return; sleep 1
    done
    cat list n1.log n2.log; exit 1
}
patroni_raft_controller witness.yml > witness.log 2>&1 &
patroni n1.yml > n1.log 2>&1 &
until_says 'n1 | [^|]* | Leader | running'
patroni n2.yml > n2.log 2>&1 & second=$!
until_says 'n2 | [^|]* | Replica | \(running\|streaming\)'; echo replica made
patronictl -c n1.yml switchover demo --master n1 --candidate n2 --force > switched 2>&1 || cat switched
until_says 'n2 | [^|]* | Leader | running'
until_says 'n1 | [^|]* | Replica | \(running\|streaming\)'; echo switched over
kill -9 $second "$(head -1 data2/postmaster.pid)"
until_says 'n1 | [^|]* | Leader | running'; echo failed over
"""


def path() -> str:
    """Shell words that put the shims and packaged servers first; skips where no Patroni can be run."""
    if subprocess.run([PYTHON, "-c", "import pysyncobj"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no pysyncobj: patroni would need an etcd")
    servers = [each for each in binaries() if str(each.directory).startswith("/usr")]
    if not servers:
        pytest.skip("no packaged PostgreSQL")
    return f"export PATH=/usr/local/bin:{servers[0].directory}:/usr/bin:/bin"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("patroni") is None, reason="no patroni")
def test_it_runs_untouched(machine: Machine) -> None:
    play = f"cat > play <<'END'\n{path()}\n{_PLAY}\nEND\n"
    done = machine.runs(
        f"{_SETUP}\n{play}\n: > /var/log/guardsh/audit.jsonl\nsu -s /bin/sh postgres -c 'sh play'\n"
        'grep -o \'"outcome": "reject".*\' /var/log/guardsh/audit.jsonl'
    )
    assert done.stdout.splitlines() == ["replica made", "switched over", "failed over"]
