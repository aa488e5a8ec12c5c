"""The demo's node, and an operator on it whose shells are shields."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardsh.operations.stage import Stage
from tests.faults.operator import NAMESPACES, Operator, Session, staged


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


@pytest.fixture
def operator(stage: Stage, tmp_path: Path) -> Operator:
    if not NAMESPACES:
        pytest.skip("needs root, and mount namespaces of its own")
    return Operator(stage, tmp_path)


class Shell:
    """A bash in a shield, typed at line by line."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._numbers = itertools.count(100)
        session.wait_for("exit leaves the shield")

    @classmethod
    def of(cls, operator: Operator) -> Shell:
        return cls(operator.types("env", "SHELL=/bin/bash", "guardsh", "shell"))

    def line(self, text: str) -> str:
        """Run a line; what stood on the terminal until its end."""
        self.send(text)
        return self.done()

    def send(self, text: str) -> None:
        self.session.type(text + "\n")

    def answer(self, text: str) -> None:
        """Answer the question that comes. What follows at once would count as the rest of a paste."""
        self.session.wait_for_question()
        self.session.type(text + "\n")
        time.sleep(1.5)

    def done(self) -> str:
        """Wait for what was sent; what has been shown since the last time, and ``[STATUS]``."""
        number = next(self._numbers)
        before = len(self.session.raw)
        self.session.type(f'echo "[$?]" end-$(({number}+0))\n')
        self.session.wait_for(f"] end-{number}")
        return self.session.raw[before:].decode(errors="replace")

    def end(self) -> int:
        self.session.type("exit 0\n")
        return self.session.end().status


@pytest.fixture
def shell(operator: Operator) -> Iterator[Shell]:
    made = Shell.of(operator)
    yield made
    if made.session.process.isalive():
        made.session.process.close(force=True)


def in_a_private_namespace(*words: str, seconds: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "--mount", "--propagation", "private", *words],
        capture_output=True,
        check=False,
        text=True,
        timeout=seconds,
    )
