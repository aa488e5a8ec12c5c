"""Configuration files, read as the server reads them: its own answer (``postgres -C``) is the expectation."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardsh.observe import settings_file
from guardsh.observe.settings_file import SettingsError
from tests.unit.clusters import Binaries

LINES = r"""
# a comment
restore_command = 'cp "/arc''hive/%f" \'%p\''   # and one behind
PRIMARY_CONNINFO='host=db-01 password=it\'s\\n \101\x application_name=''b'''
primary_slot_name	slot_1
cluster_name = second	# the last one wins
cluster_name 'third # no comment'
port 5433
work_mem = 12MB
checkpoint_completion_target = .5
log_directory = pg_log
my.setting = 'anything'
listen_addresses = ''
archive_command='a\tb'
"""
NAMES = (
    "restore_command", "primary_conninfo", "primary_slot_name", "cluster_name", "port", "log_directory",
    "listen_addresses", "archive_command",
)  # fmt: skip


def test_agrees_with_the_server(open_place: Path, postgres: Binaries) -> None:
    (open_place / "postgresql.conf").write_text(LINES)

    values = settings_file.read(str(open_place / "postgresql.conf")).values

    told = {name: postgres.run("postgres", "-D", str(open_place), "-C", name).rstrip("\n") for name in NAMES}
    assert {name: values[name] for name in NAMES} == told
    assert (values["work_mem"], values["checkpoint_completion_target"]) == ("12MB", ".5")


def test_follows_includes_as_the_server_does(open_place: Path, postgres: Binaries) -> None:
    (open_place / "conf.d").mkdir()
    (open_place / "conf.d/20.conf").write_text("port = 5420\n")
    (open_place / "conf.d/10.conf").write_text("port = 5410\ninclude '../other'\n")
    (open_place / "conf.d/.30.conf").write_text("port = 5430\n")
    (open_place / "conf.d/40.conf.bak").write_text("port = 5440\n")
    (open_place / "other").write_text("cluster_name = other\n")
    (open_place / "postgresql.conf").write_text("port=1\ninclude_if_exists = 'none'\ninclude_dir = 'conf.d'\n")

    settings = settings_file.read(str(open_place / "postgresql.conf"))

    assert settings.values == {"port": "5420", "cluster_name": "other"}
    assert [Path(path).name for path in settings.files] == ["postgresql.conf", "10.conf", "other", "20.conf"]
    assert postgres.run("postgres", "-D", str(open_place), "-C", "port").strip() == "5420"


def test_reads_what_initdb_wrote(made: Path) -> None:
    assert settings_file.read(str(made / "postgresql.conf")).values["max_connections"].isdecimal()


@pytest.mark.parametrize("line", ["port = ", "= 5", "port = 'open", "a.b.c = 1", "port = 1 2", "search_path = a, b"])
def test_names_the_line_that_nobody_understands(line: str) -> None:
    with pytest.raises(SettingsError, match=r"line 2 of /etc/x\.conf"):
        list(settings_file.parse(f"# first\n{line}\n", "/etc/x.conf"))


def test_files_that_include_one_another_end(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("include 'a.conf'")

    with pytest.raises(SettingsError, match="include one another"):
        settings_file.read(str(tmp_path / "a.conf"))


def test_a_missing_include_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("include 'b.conf'")

    with pytest.raises(FileNotFoundError):
        settings_file.read(str(tmp_path / "a.conf"))


@given(st.text() | st.text(alphabet="ab='\\\\# .\n1"))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    with suppress(SettingsError):
        for name, _ in settings_file.parse(text):
            assert name == name.lower()
