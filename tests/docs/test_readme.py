"""The README's dialogue is one that the demo really has, and its first screen holds what one needs first."""

from __future__ import annotations

import re
import subprocess

import pytest

from guardsh.operations.binaries import installed
from tests.docs.pages import ROOT, blocks
from tests.examples.conftest import APART, FRONT_DOOR

README = (ROOT / "README.md").read_text()


def without_figures(text: str) -> str:
    """Less what differs from one run, machine or width to the next."""
    text = re.sub(r"guardsh-demo-\w+", "guardsh-demo", text)
    figures = r"PostgreSQL \d+|(at least )?[\d.]+ MB|up \d+ s|[\d.]+ \w+ behind|\d+ entries|clients \d+"
    return re.sub(figures, "#", " ".join(text.split()))


def play() -> str:
    command = [*APART, "db-01", str(FRONT_DOOR), "demo", "--play"]
    played = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    return played.stdout


def test_the_dialogue_is_real() -> None:
    if not installed():
        pytest.skip("no PostgreSQL server programs on this machine")
    if subprocess.run([*APART, "db-01", "true"], capture_output=True, check=False).returncode:
        pytest.skip("host and mount namespaces cannot be had: needs root")
    [dialogue] = blocks(README, "console")
    # On a busy machine a look may not be over in its two seconds, and the dialogue then says that: played again.
    assert any(without_figures(dialogue) in without_figures(play()) for _ in range(3))


def test_the_first_screen_has_both_commands() -> None:
    first_screen = README.splitlines()[:24]
    assert any(line.startswith("    make demo") for line in first_screen)
    assert any(line.startswith("    make test") for line in first_screen)
