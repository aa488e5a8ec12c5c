"""Versions as tools print them, and conditions on them."""

from __future__ import annotations

import pytest

from guardsh.policy.versions import check, satisfies, version


@pytest.mark.parametrize(
    ("printed", "condition", "met"),
    [
        ("wal-g version v0.2.13\t271f64f\t2019.10.15_19:01:18\tPostgreSQL", "<3.0.5", True),
        ("wal-g version v3.0.5\t271f64f\t2024.10.15_19:01:18\tPostgreSQL", "<3.0.5", False),
        ("v3.0.10", "<3.0.5", False),
        ("v3.0.5-rc1", "<3.0.5", True),
        ("v2.0.1", "==2.0.1", True),
        ("v2.0.1", ">=3,<3.0.5", False),
        ("v3", ">=3,<3.0.5", True),
        ("v3.0.0", "==3", True),
        ("v3.0.1", "<=3.0.1", True),
        ("v3.0.1", ">3.0.1", False),
        ("pg_basebackup (PostgreSQL) 15.20 (Debian 15.20-1.pgdg120+1)", ">=15", True),
        ("psql (PostgreSQL) 18beta1", "<18", False),
    ],
)
def test_conditions(printed: str, condition: str, met: bool) -> None:
    found = version(printed)
    assert (found is not None and satisfies(found, condition)) is met


@pytest.mark.parametrize("printed", ["", "devel", "wal-g version devel\t1234567\t2019.10.15", "version", "12", "v"])
def test_no_version(printed: str) -> None:
    assert version(printed) is None


@pytest.mark.parametrize("condition", ["", "3.0.5", "<", "<x", "<3,,>2", "~3", "<3.0.5 or 2"])
def test_conditions_that_cannot_be_read(condition: str) -> None:
    with pytest.raises(ValueError, match="is not a condition on a version"):
        check(condition)
