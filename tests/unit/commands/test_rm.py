"""What rm is understood to do, and that the real rm does no more than that."""

from __future__ import annotations

import time

import pytest

from guardsh.commands.rm import GRAMMAR
from guardsh.model.intent import Invocation
from tests.unit.commands import manual
from tests.unit.commands.reading import intents, reading

CASES = [
    # The night of the incident.
    ("rm -rf /mnt/data/postgresql-14", "delete tree /mnt/data/postgresql-14"),
    ("rm -rf /mnt/data/postgresql-14/", "delete tree /mnt/data/postgresql-14/ ->"),
    ("rm -rf base global pg_wal", "delete tree base, tree global, tree pg_wal"),
    # Recursion in all its spellings.
    ("rm -r d", "delete tree d"),
    ("rm -R d", "delete tree d"),
    ("rm -fR d", "delete tree d"),
    ("rm --recursive d", "delete tree d"),
    ("rm --recurs d", "delete tree d"),
    ("rm --r d", "delete tree d"),
    ("rm d -rf", "delete tree d"),
    ("rm d -vf -r", "delete tree d"),
    ("rm -ir d", "delete tree d"),
    ("rm -I -r d", "delete tree d"),
    ("rm --interactive=never -r d", "delete tree d"),
    ("rm --interactive never -r", "delete tree never"),
    ("rm --one-file-system -r d", "delete tree d"),
    # Without it, directories stay.
    ("rm f", "delete entry f"),
    ("rm -f f link/", "delete entry f, entry link/ ->"),
    ("rm -d d", "delete empty d"),
    ("rm --dir -f d", "delete empty d"),
    ("rm -dr d", "delete tree d"),
    # After -- everything is a name.
    ("rm -f -- -r", "delete entry -r"),
    ("rm -- -rf d", "delete entry -rf, entry d"),
    ("rm - d", "delete entry -, entry d"),
    # What rm refuses by itself.
    ("rm -rf .", "nothing"),
    ("rm -rf ..", "nothing"),
    ("rm -rf ./ d/. d/../ d/..//", "nothing"),
    ("rm -rf /", "nothing"),
    ("rm -rf ///", "nothing"),
    ("rm -rf --preserve-root=all /", "nothing"),
    ("rm -rf --no-preserve-root --preserve-root /", "nothing"),
    ("rm -rf ''", "nothing"),
    ("rm -rf", "nothing"),
    ("rm", "nothing"),
    ("rm -rf . d", "delete tree d"),
    ("rm -rf ../d", "delete tree ../d"),
    ("rm -rf .d ..d d.", "delete tree .d, tree ..d, tree d."),
    # What it does not refuse.
    ("rm -rf --no-preserve-root /", "delete tree / ->"),
    ("rm -rf --no-pres //", "delete tree // ->"),
    ("rm -rf --preserve-root --no-preserve-root /", "delete tree / ->"),
    # Only words.
    ("rm --help -rf d", "nothing"),
    ("rm --version", "nothing"),
    # Not understood: the worst reading.
    ("rm -x d", "delete tree d ? unknown option -x"),
    ("rm -fx d", "delete tree d ? unknown option -x"),
    ("rm --frobnicate d", "delete tree d ? unknown option --frobnicate"),
    ("rm --frobnicate /", "delete tree / -> ? unknown option --frobnicate"),
    ("rm --ver d", "delete tree d ? ambiguous option --ver"),
    ("rm --recursive=yes d", "delete tree d ? option --recursive with a value"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_rm(line: str, expected: str) -> None:
    assert reading(line) == expected


def test_posixly_correct_ends_options_at_the_first_operand() -> None:
    assert reading("rm d -rf", POSIXLY_CORRECT="") == "delete entry d, entry -rf"


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("rm -rf d", "rm -rf would delete"),
        ("rm --force -v --recursive d", "rm -rf would delete"),
        ("rm -i -f d", "rm -fi would delete"),
        ("/bin/rm d", "rm would delete"),
    ],
)
def test_action_reads_as_a_sentence(line: str, action: str) -> None:
    assert intents(line)[0].action == action


def test_every_option_of_the_real_rm_is_known() -> None:
    listed = manual.options(manual.installed("rm"))
    assert len(listed) >= 12
    assert manual.unknown(GRAMMAR, listed) == {}


def test_operands_take_linear_time() -> None:
    def seconds(count: int) -> float:
        invocation = Invocation(("rm", "-rf", *(f"base/{number}" for number in range(count))), "/", {})
        started = time.perf_counter()
        assert len(understand(invocation)[0].targets) == count
        return time.perf_counter() - started

    from guardsh.commands.rm import understand

    few = min(seconds(5_000) for _ in range(3))
    many = min(seconds(50_000) for _ in range(3))
    assert many < 40 * few  # ten times the operands; a quadratic reading would take a hundred times as long
