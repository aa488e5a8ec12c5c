"""What the shell itself would write, before the command starts."""

from __future__ import annotations

import pytest

from tests.unit.commands.reading import reading

CASES = [
    ("'>' /d/PG_VERSION", "overwrite entry /d/PG_VERSION ->"),
    ("'>>' log", "overwrite entry log ->"),
    ("'>' /dev/md0", "dismantle device /dev/md0 ->"),
    ("'>|' /dev/../dev/md0", "dismantle device /dev/../dev/md0 ->"),
    ("'>' /dev/null", "nothing"),
    ("'&>' /dev/tty", "nothing"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_redirections(line: str, expected: str) -> None:
    assert reading(line) == expected
