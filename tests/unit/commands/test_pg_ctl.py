"""What pg_ctl is understood to do."""

from __future__ import annotations

import pytest

from guardsh.commands.pg_ctl import GRAMMAR
from tests.unit.commands import manual
from tests.unit.commands.reading import intents, reading

CASES = [
    # The action stands anywhere, options come in every spelling.
    ("pg_ctl stop -D /d", "stop instance /d ->"),
    ("pg_ctl -D /d stop", "stop instance /d ->"),
    ("pg_ctl -D/d -mi stop", "stop instance /d ->"),
    ("pg_ctl -sWmi -D /d stop", "stop instance /d ->"),
    ("pg_ctl --pgdata=/d stop", "stop instance /d ->"),
    ("pg_ctl --pgd /d stop -m immediate", "stop instance /d ->"),
    ("pg_ctl stop -D /a -D /b", "stop instance /b ->"),
    ("pg_ctl -l stop -D /d start", "start instance /d ->"),
    ("pg_ctl -- stop -D /d", "stop instance /d ->"),
    ("pg_ctl -D '' start", "start instance . ->"),
    # Every action.
    ("pg_ctl restart -D /d", "stop instance /d ->; start instance /d ->"),
    ("pg_ctl promote -D /d", "promote instance /d ->"),
    ("pg_ctl init -D /d", "overwrite tree /d ->"),
    ("pg_ctl initdb -D /d", "overwrite tree /d ->"),
    ("pg_ctl start -D /etc/postgresql/15/main", "start instance /etc/postgresql/15/main ->"),
    ("pg_ctl reload -D /d", "nothing"),
    ("pg_ctl status -D /d", "nothing"),
    ("pg_ctl logrotate -D /d", "nothing"),
    # Signals: HUP rereads the configuration, USR1 rotates the log.
    ("pg_ctl kill TERM 4711", "stop instance /proc/4711/cwd ->"),
    ("pg_ctl -D /d kill KILL 4711", "stop instance /proc/4711/cwd ->"),
    ("pg_ctl kill USR2 4711", "stop instance /proc/4711/cwd ->"),
    ("pg_ctl kill HUP 4711", "nothing"),
    ("pg_ctl kill USR1 4711", "nothing"),
    ("pg_ctl kill TERM", "nothing"),
    ("pg_ctl kill TERM 0", "stop tree / ? 0 is not the number of one process"),
    ("pg_ctl kill TERM -- -4711", "stop tree / ? -4711 is not the number of one process"),
    ("pg_ctl kill FOO 4711", "stop instance /proc/4711/cwd -> ? unknown signal FOO"),
    # pg_ctl itself does nothing.
    ("pg_ctl", "nothing"),
    ("pg_ctl stop", "nothing"),
    ("pg_ctl --help stop", "nothing"),
    ("pg_ctl -V", "nothing"),
    # Not understood: the worst reading.
    ("pg_ctl frobnicate -D /d", "stop instance /d -> ? unknown action frobnicate"),
    ("pg_ctl --new stop -D /d", "stop instance /d -> ? unknown option --new"),
    ("pg_ctl --new status stop -D /d", "stop instance /d -> ? unknown option --new"),
    ("pg_ctl --new /e promote -D /d", "promote instance /d ->, instance /e -> ? unknown option --new"),
    ("pg_ctl stop -D", "stop tree / ? option --pgdata without a value ? no -D, and PGDATA is not known"),
    ("pg_ctl start -D /d -o '-D /e'", "start instance /d -> ? -o may name another data directory"),
    ("pg_ctl start -D /d -o '-c data_directory=/e'", "start instance /d -> ? -o may name another data directory"),
    ("pg_ctl start -D /d -o '-p 5433'", "start instance /d ->"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_pg_ctl(line: str, expected: str) -> None:
    assert reading(line) == expected


def test_pgdata_counts_where_no_directory_is_given() -> None:
    assert reading("pg_ctl stop", PGDATA="/p") == "stop instance /p ->"
    assert reading("pg_ctl stop -D /d", PGDATA="/p") == "stop instance /d ->"


def test_after_a_change_of_account_pgdata_could_be_any() -> None:
    expected = "stop tree / ? no -D, and PGDATA is not known after sudo"
    assert reading("pg_ctl stop", prefixes="sudo -iu postgres") == expected


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("pg_ctl stop -D /d", "pg_ctl stop would stop"),
        ("pg_ctl stop -D /d -m fast", "pg_ctl stop would stop"),
        ("pg_ctl stop -D /d -m i", "pg_ctl stop -m immediate would stop"),
        ("pg_ctl -m smart -D /d stop", "pg_ctl stop -m smart would stop"),
        ("pg_ctl kill QUIT 12", "pg_ctl kill QUIT 12 would stop"),
    ],
)
def test_action_reads_as_a_sentence(line: str, action: str) -> None:
    assert intents(line)[0].action == action


def test_every_option_of_the_real_pg_ctl_is_known() -> None:
    tools = manual.postgres_tools("pg_ctl")
    if not tools:
        pytest.skip("no PostgreSQL is installed")
    for program, environment in tools:
        listed = manual.options(program, environment)
        assert len(listed) >= 20, program
        assert manual.unknown(GRAMMAR, listed) == {}, program
