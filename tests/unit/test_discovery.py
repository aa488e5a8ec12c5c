"""Where distributions put data directories, as a tree of our own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guardsh.observe.discovery import data_directories
from guardsh.system.apart import Account, Deadline, apart


@pytest.fixture(autouse=True)
def _without_pgdata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGDATA", raising=False)


@pytest.mark.parametrize(
    "path",
    ["var/lib/postgresql/15/main", "var/lib/postgresql/18/docker", "var/lib/postgresql/data", "var/lib/pgsql/data",
     "var/lib/pgsql/15/data", "var/lib/postgres/data", "usr/local/pgsql/data"],
)  # fmt: skip
def test_the_usual_places(tmp_path: Path, path: str) -> None:
    (tmp_path / path / "global").mkdir(parents=True)

    assert data_directories(str(tmp_path), ()) == (f"{tmp_path}/{path}",)


def test_debian_says_where_the_data_is(tmp_path: Path) -> None:
    for name in ("14/main", "15/main", "15/broken", "15/without"):
        (tmp_path / "etc/postgresql" / name).mkdir(parents=True)
    (tmp_path / "etc/postgresql/14/main/postgresql.conf").write_text("data_directory = '/mnt/data/postgresql-14'\n")
    (tmp_path / "etc/postgresql/15/main/postgresql.conf").write_text("data_directory = '/mnt/data/15/'\n")
    (tmp_path / "etc/postgresql/15/broken/postgresql.conf").write_text("data_directory = \n")
    (tmp_path / "etc/postgresql/15/without/postgresql.conf").write_text("port = 5433\n")

    assert data_directories(str(tmp_path), ()) == ("/mnt/data/postgresql-14", "/mnt/data/15")


def test_what_is_configured_comes_first_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "var/lib/pgsql/data/global").mkdir(parents=True)
    monkeypatch.setenv("PGDATA", f"{tmp_path}/var/lib/pgsql/data/")

    assert data_directories(str(tmp_path), ("/a", "/a/")) == ("/a", f"{tmp_path}/var/lib/pgsql/data")


def test_other_directories_in_these_places_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "var/lib/postgresql/15/log").mkdir(parents=True)
    (tmp_path / "var/lib/postgresql/15/notes").touch()

    assert data_directories(str(tmp_path), ()) == ()


def test_one_that_may_not_be_looked_into_counts(open_place: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another account")
    (open_place / "var/lib/pgsql/data").mkdir(parents=True, mode=0o700)

    answer = apart(lambda: data_directories(str(open_place), ()), Deadline(10), Account(1, 1))

    assert answer.value == (f"{open_place}/var/lib/pgsql/data",)  # type: ignore[union-attr] # fails if it is unknown
