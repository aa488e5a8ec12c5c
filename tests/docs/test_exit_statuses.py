"""docs/exit-statuses.md has the numbers of the code."""

from __future__ import annotations

import os
import subprocess

import click
import pytest

from guardsh import __main__, cli, guard
from guardsh.cli import check, config, expect
from guardsh.operations import freeze
from guardsh.operations.salvage import story
from guardsh.system import program
from tests.docs.pages import ROOT, sections, tables
from tests.examples.conftest import FRONT_DOOR

PAGE = sections((ROOT / "docs" / "exit-statuses.md").read_text())


def statuses(section: str) -> set[int]:
    return {int(row["status"]) for row in tables(PAGE[section]) if row["status"].isdigit()}


def test_of_every_guarded_command() -> None:
    assert __main__.FAILED == cli.FAILED
    ours = {click.UsageError.exit_code, guard.REFUSED, cli.FAILED, program.NOT_EXECUTABLE, program.NOT_FOUND}
    assert statuses("Every guarded command") == ours


@pytest.mark.parametrize("subcommand", ["run", "check"])
def test_a_misspelt_option_is_usage(subcommand: str) -> None:
    """Taken for the command, it would be judged as harmless: of a name that nobody guards."""
    words = [str(FRONT_DOOR), subcommand, "--unatended", "--", "true"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (click.UsageError.exit_code, "")
    assert "--unatended" in done.stderr


def test_of_check() -> None:
    assert statuses("guardsh check") == set(check.STATUSES.values())


def test_of_expect() -> None:
    assert statuses("guardsh expect") == {expect.HOLDS, expect.DOES_NOT, expect.NOT_KNOWN}


def test_of_salvage_and_freeze() -> None:
    assert (story.SAVED, story.INCOMPLETE, story.REFUSED) == (freeze.DONE, freeze.INCOMPLETE, freeze.REFUSED)
    assert statuses("guardsh salvage, guardsh freeze") == {story.SAVED, story.INCOMPLETE, story.REFUSED}


def test_of_line() -> None:
    as_documented = {judged(b"ls\0"), judged(b"ls\0", "--unknown"), judged(b"half of a li"), guard.REFUSED}
    assert statuses("guardsh line") == as_documented


def judged(handed: bytes, *more: str) -> int:
    words = [str(FRONT_DOOR), "line", "--shell", "bash", "--pid", str(os.getpid()), *more]
    return subprocess.run(words, input=handed, capture_output=True, check=False).returncode


def test_of_the_others() -> None:
    assert config.INVALID == expect.CONFIGURATION
    demo_differs = 1
    ours = {config.INVALID, click.UsageError.exit_code, cli.FAILED, demo_differs, guard.REFUSED}
    assert statuses("The others") == ours


def test_the_help_names_them() -> None:
    for status in statuses("Every guarded command") | {config.INVALID}:
        assert f"{status} " in (cli.group.help or "")
