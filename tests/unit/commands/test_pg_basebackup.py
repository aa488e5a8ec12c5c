"""What pg_basebackup is understood to fill."""

from __future__ import annotations

import pytest

from guardsh.commands.pg_basebackup import GRAMMAR
from tests.unit.commands import manual
from tests.unit.commands.reading import reading

CASES = [
    ("pg_basebackup -h db-01 -D /d -X stream -c fast -P -R", "overwrite tree /d ->"),
    ("pg_basebackup -RPD/d", "overwrite tree /d ->"),
    ("pg_basebackup --pgdata /d --wal-method=stream", "overwrite tree /d ->"),
    ("pg_basebackup --pgd=/d -s 5", "overwrite tree /d ->"),
    ("pg_basebackup -D /d --waldir /w", "overwrite tree /d ->, tree /w ->"),
    ("pg_basebackup -D /d -T /old=/new", "overwrite tree /d ->, tree /new ->"),
    (r"pg_basebackup -D /d -T '/o\=ld=/n\=ew' -T /a=/b", "overwrite tree /d ->, tree /n=ew ->, tree /b ->"),
    ("pg_basebackup -D /d -Ft -z", "overwrite tree /d ->"),
    ("pg_basebackup -t server:/backup -Xfetch", "overwrite tree /backup ->"),
    ("pg_basebackup -D - -Ft", "nothing"),
    ("pg_basebackup -t blackhole -X fetch", "nothing"),
    ("pg_basebackup -h db-01", "nothing"),
    ("pg_basebackup --help", "nothing"),
    ("pg_basebackup --new /d", "overwrite tree /d -> ? unknown option --new"),
    ("pg_basebackup --new x -D /d", "overwrite tree /d ->, tree x -> ? unknown option --new"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_pg_basebackup(line: str, expected: str) -> None:
    assert reading(line, PGDATA="/not/used") == expected


def test_every_option_of_the_real_pg_basebackup_is_known() -> None:
    tools = manual.postgres_tools("pg_basebackup")
    if not tools:
        pytest.skip("no PostgreSQL is installed")
    for program, environment in tools:
        listed = manual.options(program, environment)
        assert len(listed) >= 50, program
        assert manual.unknown(GRAMMAR, listed) == {}, program
