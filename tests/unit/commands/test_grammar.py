"""Words read as glibc's getopt_long reads them, judged by getopt(1), which calls it."""

from __future__ import annotations

import doctest
import shlex
import subprocess

import pytest

from guardsh.commands import grammar
from guardsh.commands.grammar import Grammar, Option, Value, declare, read
from tests.unit.commands import manual

GRAMMAR = declare("-a, --all", "-b, -B, --block=SIZE", "-c[=WHEN]", "--color[=WHEN]", "--colour-blind", "-d DIR")


def test_declaration_reads_like_a_manual() -> None:
    assert declare("-r, -R, --recursive") == {
        name: Option("--recursive", Value.NONE) for name in ("-r", "-R", "--recursive")
    }


def test_examples_hold() -> None:
    results = doctest.testmod(grammar)
    assert (results.failed, results.attempted > 0) == (0, True)


WORDS = [
    "",
    "x --all y",
    "-ab5 x",
    "-ba x",
    "-B 5 -a",
    "--block 5 --block=6 --bl 7",
    "--block= x",
    "-c x -cnow",
    "--color x --color=now --color-",
    "--colo x",
    "--colou x",
    "-d -a x",
    "-- -a --all",
    "x -- y",
    "x - -a",
    "-a -d",
    "--all=x y",
    "--none",
    "-z",
    "-az x",
]


@pytest.mark.parametrize("permute", [True, False])
@pytest.mark.parametrize("line", WORDS)
def test_as_getopt(line: str, permute: bool) -> None:
    words = line.split()
    understood = read(GRAMMAR, words, permute=permute)
    expected = _getopt(GRAMMAR, words, permute)
    if expected is None:
        assert understood.doubts
    else:
        assert (_canonical(understood.options), list(understood.operands), understood.doubts) == (*expected, ())


def _canonical(options: tuple[tuple[str, str | None], ...]) -> list[tuple[str, str]]:
    return [(name, value or "") for name, value in options]


def _getopt(declared: Grammar, words: list[str], permute: bool) -> tuple[list[tuple[str, str]], list[str]] | None:
    """What getopt(1) makes of the words; None for a usage error."""
    colons = {Value.NONE: "", Value.REQUIRED: ":", Value.OPTIONAL: "::"}
    short = "".join(name[1:] + colons[option.value] for name, option in declared.items() if not name.startswith("--"))
    long = ",".join(name[2:] + colons[option.value] for name, option in declared.items() if name.startswith("--"))
    command = [manual.installed("getopt"), "-q", "-o", ("" if permute else "+") + short, "-l", long, "--", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    answer = shlex.split(done.stdout)
    end = answer.index("--")
    return _paired(declared, answer[:end]), answer[end + 1 :]


def _paired(declared: Grammar, words: list[str]) -> list[tuple[str, str]]:
    pairs, rest = [], iter(words)
    for word in rest:
        option = declared[word]
        pairs.append((option.name, "" if option.value is Value.NONE else next(rest)))
    return pairs
