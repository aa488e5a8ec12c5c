"""Accounts named like programs: gosu postgres rm … is rm."""

from __future__ import annotations

import pytest

from guardsh.commands.prefixes import peel
from guardsh.commands.shell_line import read_words


def found(line: str) -> list[str]:
    reading = read_words(line.split(), "/", {}, lambda pattern, place: ())
    return [" ".join(each.invocation.words) for each in reading.found]


@pytest.mark.parametrize(
    "line",
    [
        "gosu postgres rm -rf /d",
        "su-exec postgres rm -rf /d",
        "chpst -u postgres rm -rf /d",
        "setpriv --reuid postgres --clear-groups rm -rf /d",
        "systemd-run --uid patroni rm -rf /d",
    ],
)
def test_an_account_begins_no_command(line: str) -> None:
    assert set(found(line)) == {"rm -rf /d"}


def test_a_program_by_its_path_does() -> None:
    assert found("gosu postgres /usr/bin/postgres -D /d") == ["/usr/bin/postgres -D /d"]


def test_behind_an_option_that_is_not_understood_neither() -> None:
    assert peel(("sudo", "--new", "postgres", "rm", "-rf", "/d"), "/", {}).words == ("rm", "-rf", "/d")
    assert peel(("sudo", "-u", "postgres", "postgres", "-D", "/d"), "/", {}).words == ("postgres", "-D", "/d")
