"""The plainest lines are decided without reading them as a shell's, and never otherwise than by reading them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardsh.line import entrance, plain
from guardsh.line.handed import parse

FRONT_DOOR = Path(__file__).parents[2] / "scripts" / "guardsh"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "note").touch()
    (tmp_path / "old" / "base").mkdir(parents=True)
    (tmp_path / "old" / "PG_VERSION").write_text("15\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def decided(line: str, *records: str) -> bool:
    return plain.certainly_unrelated("".join(f"{each}\0" for each in (line, *records)).encode())


@pytest.mark.parametrize(
    "line", ["rm note", "rm -f  note absent\n", "/bin/rm note", "rm -rf ./note", "wal-g wal-push x"]
)
def test_decided(here: Path, line: str) -> None:
    assert decided(line)


DOUBTS = [
    "rm old/PG_VERSION", "rm -rf old", "rm no*", "rm $NOTE", "rm 'note'", "rm note; rm -rf old", "rm note\nrm -rf old",
    "rm ~/note", "sudo rm note", "ls note", "", "\n", "rm note>x", "rm {note,old}", "rm not\\e", "rm nöte",
    "X=1 rm note", "r%m note",
]  # fmt: skip


@pytest.mark.parametrize("line", DOUBTS)
def test_left_to_who_reads_it(here: Path, line: str) -> None:
    assert not decided(line)


def test_half_a_line_is_none(here: Path) -> None:
    assert not plain.certainly_unrelated(b"rm note")
    assert not plain.certainly_unrelated(b"")


def test_an_alias_may_add_options(here: Path) -> None:
    assert decided("rm note", "a ls=ls --color", "a rm=rm -i")
    for text in ("rm -rf old", "sudo rm", "rm -i ", "echo; rm", "rm -r $X", ""):
        assert not decided("rm note", f"a rm={text}")
    assert not decided("rm note", "a rm=rm -rf old/base")


def test_it_is_light(here: Path) -> None:
    words = [sys.executable, "-X", "importtime", str(FRONT_DOOR), "line", "--shell", "bash", "--pid", "1"]
    done = subprocess.run(words, input=b"rm note\0", capture_output=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert "guardsh.line.plain" in loaded
    assert not loaded & {"dataclasses", "json", "guardsh.commands.shell_line", "guardsh.guard"}
    assert (here / "note").exists()


WORDS = """
rm /bin/rm -rf -r -f -- note old ./old/x .. / wal-g cd backup-fetch wal-push sudo pg_ctl stop a@b x:y ~ * ;
"""
words = st.sampled_from([*WORDS.split(), "\n"])
aliases = st.sampled_from(["a rm=rm -i", "a rm=rm -rf", "a rm=sudo rm", "a old=x", "a wal-g=rm", "v x=1"])


@settings(deadline=None)
@given(line=st.lists(words, max_size=5).map(" ".join), records=st.lists(aliases, max_size=2))
def test_reading_it_would_find_nothing_either(line: str, records: list[str]) -> None:
    data = "".join(f"{each}\0" for each in (line, *records)).encode()
    with tempfile.TemporaryDirectory() as place:
        before = os.getcwd()
        os.chdir(place)
        try:
            Path("note").touch()
            os.makedirs("old/x")
            Path("old/PG_VERSION").touch()
            if plain.certainly_unrelated(data):
                read = entrance.read(parse(data), "bash")
                assert not read.found and not read.unjudged
        finally:
            os.chdir(before)
