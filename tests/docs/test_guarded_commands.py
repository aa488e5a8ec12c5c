"""The table of guarded commands names all of them, and where each is asked about."""

from __future__ import annotations

from guardsh.commands import COMMANDS, SHIMMED
from tests.docs.pages import ROOT, tables

ROWS = tables((ROOT / "docs" / "commands.md").read_text().replace("\\|", "|"))


def named(column: str) -> list[str]:
    return " ".join(row[column].rpartition(":")[2] for row in ROWS if row[column] != "—").split()


def test_every_command_stands_in_the_table_once() -> None:
    assert sorted(named("wherever it starts")) == sorted(SHIMMED)
    assert sorted(named("in a typed line")) == sorted(COMMANDS.keys() - SHIMMED)
