"""What systemctl, service, invoke-rc.d and init scripts are understood to do, and that systemctl has these options."""

from __future__ import annotations

import re
import subprocess

import pytest

from guardsh.commands.grammar import Value
from guardsh.commands.systemctl import GRAMMAR
from tests.unit.commands import manual
from tests.unit.commands.reading import intents, reading

MAIN = "instance /etc/postgresql/15/main ->"
UNKNOWN = "? unknown option --new"

CASES = [
    # Which units are servers.
    ("systemctl stop postgresql", "stop tree /"),
    ("systemctl stop postgresql.service", "stop tree /"),
    ("systemctl stop postgresql@15-main", f"stop {MAIN}"),
    (
        "systemctl stop postgresql@15-main.service postgresql@14-my-db",
        f"stop {MAIN}, instance /etc/postgresql/14/my-db ->",
    ),
    ("systemctl stop postgresql-15", "stop tree /"),
    ("systemctl stop postgresql@main", "stop tree /"),
    ("systemctl stop 'postgresql@15-*'", "stop tree /"),
    ("systemctl stop 'post*'", "stop tree /"),
    ("systemctl stop '*sql*'", "stop tree /"),
    ("systemctl stop '*'", "stop tree /"),
    ("systemctl stop patroni pgautofailover", "stop tree /"),
    ("systemctl stop edb-as-15 stolon-keeper my-postgres-prod", "stop tree /"),
    ("systemctl stop system-postgresql.slice", "stop tree /"),
    ("systemctl stop nginx pgbouncer postgres-exporter prometheus-postgres-exporter.service", "nothing"),
    ("systemctl stop postgresql-backup.timer patroni.socket 'nginx*' repmgrd", "nothing"),
    ("systemctl stop mnt-data.mount", "stop tree /mnt/data ->"),
    (r"systemctl stop 'mnt-my\x2ddata.mount'", "stop tree /mnt/my-data ->"),
    # Which verbs touch them.
    ("systemctl restart postgresql", "stop tree /; start tree /"),
    ("systemctl try-restart postgresql@15-main", f"stop {MAIN}; start {MAIN}"),
    ("systemctl start postgresql@15-main", f"start {MAIN}"),
    ("systemctl start mnt-data.mount", "nothing"),
    ("systemctl reload postgresql", "nothing"),
    ("systemctl reload-or-restart postgresql@15-main", f"start {MAIN}"),
    ("systemctl try-reload-or-restart pgautofailover", "stop tree /; start tree /"),
    ("systemctl kill postgresql", "stop tree /"),
    ("systemctl kill -s KILL --kill-whom=main postgresql", "stop tree /"),
    ("systemctl kill -sHUP postgresql", "nothing"),
    ("systemctl kill --signal=SIGHUP postgresql", "nothing"),
    ("systemctl freeze postgresql", "stop tree /"),
    ("systemctl thaw postgresql", "nothing"),
    ("systemctl disable postgresql", "nothing"),
    ("systemctl disable --now postgresql", "stop tree /"),
    ("systemctl --now mask postgresql", "stop tree /"),
    ("systemctl enable --now postgresql@15-main", f"start {MAIN}"),
    ("systemctl clean postgresql", "nothing"),
    ("systemctl clean --what=cache,state postgresql", "delete tree /var/lib ->"),
    ("systemctl clean --what=all nginx", "nothing"),
    ("systemctl stop --no-block -q postgresql@15-main", f"stop {MAIN}"),
    ("systemctl -- stop postgresql@15-main", f"stop {MAIN}"),
    # What looks, or is about something else.
    ("systemctl", "nothing"),
    ("systemctl status postgresql", "nothing"),
    ("systemctl is-active postgresql@15-main", "nothing"),
    ("systemctl show -p MainPID postgresql", "nothing"),
    ("systemctl cat postgresql", "nothing"),
    ("systemctl edit postgresql", "nothing"),
    ("systemctl list-units 'postgres*'", "nothing"),
    ("systemctl daemon-reload", "nothing"),
    ("systemctl restart nginx", "nothing"),
    ("systemctl --help stop postgresql", "nothing"),
    # The whole node.
    ("systemctl reboot", "reboot"),
    ("systemctl -f poweroff", "reboot"),
    ("systemctl halt", "reboot"),
    ("systemctl kexec", "reboot"),
    ("systemctl soft-reboot", "reboot"),
    ("systemctl rescue", "reboot"),
    ("systemctl isolate rescue.target", "reboot"),
    ("systemctl start --no-block reboot.target", "reboot"),
    ("systemctl start runlevel6.target", "reboot"),
    ("systemctl start multi-user.target", "nothing"),
    ("systemctl suspend", "reboot"),
    ("systemctl reboot --dry-run", "nothing"),
    ("systemctl reboot --when=cancel", "nothing"),
    ("systemctl reboot --when=+5min", "reboot"),
    ("systemctl --user exit", "nothing"),
    ("systemctl --user stop postgresql", "stop tree /"),
    # Another machine is out of sight; these are this one.
    ("systemctl -H db-01 stop postgresql", "nothing"),
    ("systemctl --host=root@db-01 reboot", "nothing"),
    ("systemctl -M box stop postgresql", "nothing"),
    ("systemctl -M postgres@.host --user stop postgresql", "stop tree /"),
    ("systemctl -H root@localhost reboot", "reboot"),
    # Not understood: the worst reading.
    ("systemctl --new stop postgresql", f"stop tree / {UNKNOWN}"),
    ("systemctl --new status stop postgresql", f"stop tree / {UNKNOWN}"),
    ("systemctl --new reboot --dry-run", f"reboot {UNKNOWN}"),
    ("systemctl --new stop nginx", "nothing"),
    # service(8), invoke-rc.d(8)
    ("service postgresql stop", "stop tree /"),
    ("service postgresql stop 15", "stop tree /"),
    ("service postgresql@15-main restart", f"stop {MAIN}; start {MAIN}"),
    ("service postgresql --full-restart", "stop tree /; start tree /"),
    ("service postgresql force-stop", "stop tree /"),
    ("service postgresql start", "start tree /"),
    ("service patroni reload", "nothing"),
    ("service postgresql force-reload", "nothing"),
    ("service postgresql status", "nothing"),
    ("service postgresql", "nothing"),
    ("service --status-all", "nothing"),
    ("service nginx restart", "nothing"),
    ("service pgbouncer stop", "nothing"),
    ("service postgresql frob", "stop tree / ? unknown action frob; start tree / ? unknown action frob"),
    ("invoke-rc.d postgresql stop", "stop tree /"),
    ("invoke-rc.d --quiet --try-anyway postgresql restart", "stop tree /; start tree /"),
    ("invoke-rc.d --query postgresql stop", "nothing"),
    ("invoke-rc.d ssh stop", "nothing"),
    # Scripts by their path; elsewhere these names are something else.
    ("/etc/init.d/postgresql stop", "stop tree /"),
    ("/etc/init.d/postgresql stop 15", "stop tree /"),
    ("/etc/rc.d/init.d/patroni restart", "stop tree /; start tree /"),
    ("/etc/init.d/postgresql reload", "nothing"),
    ("/usr/bin/patroni /etc/patroni.yml", "nothing"),
    ("postgresql stop", "nothing"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_reading(line: str, expected: str) -> None:
    assert reading(line) == expected


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("systemctl restart postgresql", "systemctl restart would stop"),
        ("systemctl reboot", "systemctl reboot would stop everything on this node"),
        ("service postgresql stop", "service postgresql stop would stop"),
        ("/etc/init.d/postgresql stop", "/etc/init.d/postgresql stop would stop"),
    ],
)
def test_action_reads_as_a_sentence(line: str, action: str) -> None:
    assert intents(line)[0].action == action


def test_every_option_of_the_real_systemctl_is_known() -> None:
    """Its help writes ``-H --host=[USER@]HOST``."""
    shown = subprocess.run(
        [manual.installed("systemctl"), "--help"], capture_output=True, text=True, check=False
    ).stdout
    entries = re.findall(r"^ {2,5}(-\w)?(?: (?= ))* ?(--[\w-]+)?(=\S+| [A-Z]+)?(?= |$)", shown, re.MULTILINE)
    listed = [(short, long, argument) for short, long, argument in entries if short or long]
    assert len(listed) >= 48
    for short, long, argument in listed:
        value = Value.REQUIRED if argument else Value.NONE
        for spelling in filter(None, (short, long)):
            assert GRAMMAR[spelling].value is value, spelling
