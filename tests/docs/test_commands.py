"""Every guardsh command line in the documents would be understood; every TOML block is a valid configuration."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from guardsh.cli import SUBCOMMANDS, group
from guardsh.policy import config
from tests.docs.pages import PAGES, ROOT, blocks, code, sections, tables

SHOWN = [*PAGES, *sorted((ROOT / "examples").glob("*.sh"))]
# `guardsh` as the word that a command begins with, not as part of a path or a name.
_COMMAND = re.compile(r"(?:^|(?<=[\s\"'(]))guardsh (?=[a-z-])((?:'[^']*'|\"[^\"]*\"|[^|;>&'\")])*)")
_TAKES_COMMAND = ("check", "run")


def command_lines(page: Path) -> Iterator[str]:
    text = page.read_text()
    for line in text.splitlines() if page.suffix == ".sh" else code(text):
        if not line.startswith("#"):
            yield from (found.strip() for found in _COMMAND.findall(line))


def context(line: str) -> click.Context:
    """What click makes of the words after `guardsh`. Raises click.UsageError."""
    words = [word for word in shlex.split(line.partition("  #")[0]) if word != "…"]
    if words and words[0] in _TAKES_COMMAND and "--" not in words:
        words += ["--", "COMMAND"]
    made = group.make_context("guardsh", list(words), resilient_parsing=False)
    name, command, rest = group.resolve_command(made, words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        made = command.make_context(name, list(rest), parent=made)
        name, command, rest = command.resolve_command(made, rest)
    assert command is not None
    return command.make_context(name, rest, parent=made)


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_command_lines_are_understood(page: Path) -> None:
    problems = []
    for line in command_lines(page):
        try:
            context(line)
        except click.exceptions.Exit:  # --help, --version
            continue
        except click.UsageError as error:
            problems.append(f"guardsh {line}: {error.format_message()}")
    assert problems == []


@pytest.mark.parametrize("row", tables(sections((ROOT / "docs" / "guide.md").read_text())["Runbooks"]))
def test_expectations_are_understood(row: dict[str, str]) -> None:
    option, first, *others = re.split(r",? ", row["expect …"])
    for value in (first, *others):
        assert context(f"expect {option} {value}")


def test_command_lines_are_found() -> None:
    found = {line.split()[0] for page in SHOWN for line in command_lines(page)}
    assert set(SUBCOMMANDS) - found == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_configuration_is_valid(page: Path) -> None:
    for block in blocks(page.read_text(), "toml"):  # at the margin: those inside a list are of something else
        assert config.parse(block, page.name, config.builtin()).sources[-1] == page.name


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_no_confirmation_takes_its_name_from_the_machine(page: Path) -> None:
    assert not re.search(r"--confirm[^\n]*\$\(?(hostname|HOSTNAME|uname)", page.read_text())


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_subcommand_has_an_example_in_its_help(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    assert any(re.search(rf"^ *guardsh {name}", each.help or "", re.MULTILINE) for each in commands)
