"""What the usage that argparse and click print says of a command's options: which there are, and which take a value."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence

from guardsh.commands.grammar import Grammar, Value
from tests.unit.commands import manual

_ARGPARSE = re.compile(r"[\[(|] ?(--?[A-Za-z][\w-]*)( [A-Z{]\S*)?(?= ?[\])|])")
_CLICK = re.compile(r"^ +((?:-\w, )?(?:--[\w-]+(?:, )?)+)( [A-Z\[]\S*|\n {10,}[A-Z\[]\S*)?", re.MULTILINE)


def of_argparse(words: Sequence[str]) -> dict[str, bool]:
    """From the usage at its top: ``[--jobs NJOBS] [-q | -v]``."""
    usage = re.sub(r"\s+", " ", _help(words).partition("\n\n")[0])
    return {name: bool(value) for name, value in _ARGPARSE.findall(usage)}


def of_click(words: Sequence[str]) -> dict[str, bool]:
    """From its list of options: ``--group INTEGER``."""
    entries = _CLICK.findall(_help(words))
    return {name: bool(value) for names, value in entries for name in names.split(", ") if name}


def unlike(grammar: Grammar, listed: dict[str, bool]) -> dict[str, bool]:
    """The listed options that the grammar does not have, or has otherwise."""
    return {
        name: value
        for name, value in listed.items()
        if name not in grammar or (grammar[name].value is Value.REQUIRED) is not value
    }


def _help(words: Sequence[str]) -> str:
    program = manual.installed(words[0])
    return subprocess.run([program, *words[1:], "--help"], capture_output=True, text=True, check=True).stdout
