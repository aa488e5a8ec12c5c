"""Where a tool's own configuration says that its directory is."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardsh.model.intent import Configured, Extent, Target
from guardsh.model.observed import Unknown
from guardsh.observe.configured import located

PGBACKREST = """
[global]
repo1-path=/var/lib/pgbackrest
pg1-path=/everywhere

[main]
pg1-path=/var/lib/postgresql/15/main
[main:restore]
pg1-path=/never
[old]
db-path = /old
"""


def _asked(stanza: str, *files: str) -> Configured:
    return Configured(files, (stanza, "global"), ("pg1-path", "db-path"), Extent.TREE)


@pytest.mark.parametrize(
    ("stanza", "path"),
    [("main", "/var/lib/postgresql/15/main"), ("old", "/old"), ("unheard-of", "/everywhere"), ("", "/everywhere")],
)
def test_the_stanza_goes_before_what_holds_for_all(tmp_path: Path, stanza: str, path: str) -> None:
    (tmp_path / "pgbackrest.conf").write_text(PGBACKREST)
    assert located(_asked(stanza, "pgbackrest.conf"), str(tmp_path)) == Target(path, Extent.TREE, follow=True)


def test_a_directory_stands_for_the_files_in_it(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "a.conf").write_text("[main]\npg1-path=/a\n")
    (tmp_path / "conf.d" / "b.conf.old").write_text("[main]\npg1-path=/b\n")
    found = located(_asked("main", "missing.conf", str(tmp_path / "conf.d")), "/")
    assert isinstance(found, Target)
    assert found.path == "/a"


@pytest.mark.parametrize(
    "text",
    [
        "data_directory='/d'",
        "data_directory = '/d'   # of this node",
        'x=1\n data_directory="/d"\n',
        "data_directory=/d # y",
    ],
)
def test_a_file_without_sections(tmp_path: Path, text: str) -> None:
    (tmp_path / "repmgr.conf").write_text(text)
    found = located(Configured(("repmgr.conf",), ("",), ("data_directory",), Extent.INSTANCE), str(tmp_path))
    assert isinstance(found, Target)
    assert found.path == "/d"


def test_what_is_not_said_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("#pg1-path=/x\n[]\n=\n\0\n")
    unknown = located(_asked("main", "c"), str(tmp_path))
    assert unknown == Unknown("pg1-path is not known: c does not say it")


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    unknown = located(_asked("main", "loop"), str(tmp_path))
    assert isinstance(unknown, Unknown)
    assert unknown.why.startswith("pg1-path is not known: could not read ")


def test_a_path_is_what_it_is() -> None:
    target = Target("/d", Extent.TREE)
    assert located(target, "/") is target
