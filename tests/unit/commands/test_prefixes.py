"""The command behind sudo, env, timeout and their like."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from guardsh.commands import COMMANDS, PREFIXES, runners
from guardsh.commands.prefix_table import TABLE
from guardsh.commands.prefixes import peel
from guardsh.model.intent import Invocation
from tests.unit.commands import manual


def peeled(line: str, **environment: str) -> Invocation:
    return peel(tuple(shlex.split(line)), "/here", environment)


CASES = [
    ("rm -rf /d", "rm -rf /d"),
    ("sudo rm -rf /d", "rm -rf /d"),
    ("sudo -u postgres -- pg_ctl stop", "pg_ctl stop"),
    ("sudo -nu postgres pg_ctl stop", "pg_ctl stop"),
    ("/usr/bin/sudo --user=postgres -E rm d", "rm d"),
    ("sudo A=b rm d", "rm d"),
    ("sudo --unheard-of rm d", "rm d"),
    ("doas -u postgres rm d", "rm d"),
    ("sudo time /opt/wal-g/wal-g --walg-s3-prefix=x backup-fetch /d LATEST",
     "/opt/wal-g/wal-g --walg-s3-prefix=x backup-fetch /d LATEST"),
    ("env rm d", "rm d"),
    ("envdir /etc/wal-g.d/env wal-g backup-list", "wal-g backup-list"),
    ("env - PATH=/bin rm d", "rm d"),
    ("env -i -u HOME A=b rm d", "rm d"),
    ("env -C /x rm d", "rm d"),
    ("env -S 'rm -rf' d", "rm -rf d"),
    ("env -S rm -rf d", "rm -rf d"),
    ("env '-SA=b rm -rf d'", "rm -rf d"),
    ("time -p rm d", "rm d"),
    ("time -f %e -o /tmp/t rm d", "rm d"),
    ("nice rm d", "rm d"),
    ("nice -n 19 ionice -c3 rm d", "rm d"),
    ("nice -19 rm d", "rm d"),
    ("ionice -c 2 -n 7 rm d", "rm d"),
    ("nohup rm d", "rm d"),
    ("setsid -w rm d", "rm d"),
    ("timeout 5 rm d", "rm d"),
    ("timeout -k 3 -s KILL 5m rm -rf d", "rm -rf d"),
    ("stdbuf -oL rm d", "rm d"),
    ("command rm d", "rm d"),
    ("exec -a name rm d", "rm d"),
    ("runuser -u postgres -- pg_ctl stop", "pg_ctl stop"),
    ("chrt -b 0 rm d", "rm d"),
    ("taskset -c 0-3 rm d", "rm d"),
    ("flock -n /run/lock/x rm d", "rm d"),
    # No command is run from the words, or it is not known which.
    ("sudo -l rm", "sudo -l rm"),
    ("sudo -e /etc/rm", "sudo -e /etc/rm"),
    ("sudo --new-in-2030 value rm -rf d", "rm -rf d"),  # whether it takes a value is not known
    ("sudo --new-in-2030 value env A=b /bin/rm d", "/bin/rm d"),
    ("sudo --new-in-2030 value ls d", "value ls d"),
    ("sudo", "sudo"),
    ("command -v rm", "command -v rm"),
    ("ionice -p 12", "ionice -p 12"),
    ("taskset -p 12", "taskset -p 12"),
    ("timeout --help rm d", "timeout --help rm d"),
    ("timeout 5", "timeout 5"),
    ("runuser postgres -c 'rm d'", "runuser postgres -c 'rm d'"),
    ("env A=b", "env A=b"),
    ("env -S \"rm 'd\"", "env -S 'rm '\"'\"'d'"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_command_behind(line: str, expected: str) -> None:
    assert shlex.join(peeled(line).words) == expected


def test_prefixes_are_kept_as_typed() -> None:
    assert peeled("sudo -u postgres time rm d").prefixes == ("sudo", "-u", "postgres", "time")


@pytest.mark.parametrize(
    ("line", "cwd"),
    [
        ("env -C /x rm d", "/x"),
        ("env -C x env --chdir y rm d", "/here/x/y"),
        ("env -C /x -S 'rm d'", "/x"),
        ("sudo -D /x rm d", "/x"),
        ("sudo -i rm d", "~root"),
        ("sudo -iu postgres rm d", "~postgres"),
        ("sudo rm d", "/here"),
    ],
)
def test_working_directory(line: str, cwd: str) -> None:
    assert peeled(line).cwd == cwd


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rm d", {"PGDATA": "/p", "HOME": "/h"}),
        ("nice rm d", {"PGDATA": "/p", "HOME": "/h"}),
        ("env A=b PGDATA=/q rm d", {"A": "b", "PGDATA": "/q", "HOME": "/h"}),
        ("env -u PGDATA rm d", {"HOME": "/h"}),
        ("env -i A=b rm d", {"A": "b"}),
        ("env - A=b rm d", {"A": "b"}),
        ("env -i -S 'A=b rm d'", {"A": "b"}),
        # Another account's environment is not ours.
        ("sudo -u postgres rm d", {"HOME": "~postgres"}),
        ("sudo PGDATA=/q rm d", {"HOME": "~root", "PGDATA": "/q"}),
        ("sudo -E rm d", {"PGDATA": "/p", "HOME": "/h"}),
        ("runuser -u postgres rm d", {"HOME": "~postgres"}),
    ],
)
def test_environment(line: str, expected: dict[str, str]) -> None:
    assert peeled(line, PGDATA="/p", HOME="/h").environment == expected


def test_the_light_list_of_names_has_those_of_the_table() -> None:
    assert TABLE.keys() <= PREFIXES
    assert {"find"} >= PREFIXES & COMMANDS.keys()


GRAMMARS = {name: prefix.options for name, prefix in TABLE.items()} | runners.grammars()
SHELLS_OWN = {"builtin", "command", "exec", "nocorrect", "noglob"}
OTHERWISE = {"busybox", "doas", "strace", "sudo", "systemd-run", "toybox"}  # their help has another form
# What the help does not say in so many signs; read in the tools' sources.
KNOWN = {"nsenter": {"-W"}, "unshare": {"--propagation", "--setgroups"}, "xargs": {"-l"}}


@pytest.mark.parametrize("name", sorted(GRAMMARS.keys() - SHELLS_OWN - OTHERWISE))
def test_every_option_of_the_real_tool_is_known(name: str) -> None:
    listed = manual.options(manual.installed(name))
    assert listed
    assert manual.unknown(GRAMMARS[name], listed).keys() <= KNOWN.get(name, set())


@pytest.mark.parametrize("name", ["strace", "sudo", "systemd-run"])
def test_every_long_option_of_the_real_tool_is_known(name: str) -> None:
    shown = subprocess.run([manual.installed(name), "--help"], capture_output=True, text=True, check=False).stdout
    listed = set(re.findall(r"^\s+(?:-\S+(?: [A-Z]+)?,? )?(--[\w-]+)", shown, re.MULTILINE))
    assert listed
    assert listed - GRAMMARS[name].keys() == set()
