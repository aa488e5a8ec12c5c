"""A real Patroni whose leader loses its data directory: it is held still before it can end the server or rebuild it."""

from __future__ import annotations

import shutil

import pytest

from tests.automation.test_patroni import _SETUP, path
from tests.install.machine import Machine

_BEGIN = r"""
until_says() {
    for _ in $(seq 60); do
        patronictl -c n1.yml list 2>/dev/null | tr -s ' ' > list; grep -q "$1" list && return; sleep 0.5
    done
    cat list n1.log n2.log; exit 1
}
patroni_raft_controller witness.yml > witness.log 2>&1 &
patroni n1.yml > n1.log 2>&1 & echo $! > first
until_says 'n1 | [^|]* | Leader | running'
patroni n2.yml > n2.log 2>&1 &
until_says 'n2 | [^|]* | Replica | \(running\|streaming\)'
"""
_ACCIDENT = r"""
cd /opt/demo
/bin/rm -rf data1
mount -t tmpfs tmpfs /mnt
guardsh salvage --yes /opt/demo/data1 /mnt/dest > report 2>&1 || { cat report; exit 1; }
grep -o 'Patroni (process [0-9]*) was stopped' report | head -1 | sed "s/$(cat first)/FIRST/"
grep -o 'pg_ctl promote -D /opt/demo/data2' report | head -1
cut -d' ' -f3 /proc/$(cat first)/stat
"""
_AFTER = r"""
until_says() {
    for _ in $(seq 80); do
        patronictl -c n2.yml list 2>/dev/null | tr -s ' ' > list; grep -q "$1" list && return; sleep 0.5
    done
    cat list n2.log; exit 1
}
until_says 'n2 | [^|]* | Leader | running'; echo failed over
ls data1 2>/dev/null || echo nothing was put in its place
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("patroni") is None, reason="no patroni")
def test_it_stands_still_and_another_node_takes_over(machine: Machine) -> None:
    begun = f"{path()}; cd /opt/demo"
    play = "".join(
        f"cat > /opt/demo/{name} <<'END'\n{begun}\n{text}\nEND\n"
        for name, text in (("begin", _BEGIN), ("after", _AFTER))
    )
    done = machine.runs(
        f"{_SETUP}\n{play}\nsu -s /bin/sh postgres -c 'sh /opt/demo/begin' || exit\n{_ACCIDENT}\n"
        "su -s /bin/sh postgres -c 'sh /opt/demo/after'"
    )
    assert done.stdout.splitlines() == [
        "Patroni (process FIRST) was stopped",
        "pg_ctl promote -D /opt/demo/data2",
        "T",
        "failed over",
        "nothing was put in its place",
    ]
