"""What pg_autoctl is understood to do: from its source (pg_auto_failover 2.2), no package of it can be had here."""

from __future__ import annotations

import pytest

from tests.unit.commands.reading import reading

CASES = [
    ("pg_autoctl drop node --pgdata /d --destroy", "delete tree /d ->"),
    ("pg_autoctl drop node --destroy --force -D /d", "delete tree /d ->"),
    ("pg_autoctl drop node --pgdata /d", "nothing"),
    ("pg_autoctl drop monitor -D /d --destroy", "delete tree /d ->"),
    ("pg_autoctl drop node --name db-02 --new --pgdata /d", "delete tree /d -> ? unknown option --new"),
    ("pg_autoctl create postgres --pgdata /d --monitor postgres://m/x --auth trust", "overwrite tree /d ->"),
    ("pg_autoctl perform failover --formation default", "stop tree /; promote tree /"),
    ("pg_autoctl perform switchover --pgdata /d", "stop tree /; promote tree /"),
    ("pg_autoctl enable maintenance --pgdata /d --allow-failover", "stop instance /d ->"),
    ("pg_autoctl stop --pgdata /d --immediate", "stop instance /d ->"),
    ("pg_autoctl stop", "stop tree /"),
    ("pg_autoctl show state --pgdata /d", "nothing"),
    ("pg_autoctl drop node --help", "nothing"),
    ("pg_autoctl", "nothing"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_pg_autoctl(line: str, expected: str) -> None:
    assert reading(line) == expected


def test_the_environment_names_the_directory() -> None:
    assert reading("pg_autoctl drop node --destroy", PGDATA="/d") == "delete tree /d ->"
    assert reading("pg_autoctl drop node --destroy") == "nothing"
