"""Real pseudo-terminals on which the question is put."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pyte
import pytest

ASKING = Path(__file__).with_name("asking.py")
PROMPT = "host and role> "
REPOSITORY = ASKING.parents[2]


class Question:
    """``asking.py`` on a terminal of its own; ``master`` is the other side: what the operator sees and types."""

    def __init__(self, directory: Path, environment: dict[str, str], shell: str = "{}", **options: Any) -> None:
        self.file = directory / "outcome.json"
        settings = {"word": "primary", "only_copy": False, "patience": 20, "paint": True, "raw": False, "pause": 0}
        self.command = shlex.join([sys.executable, str(ASKING), str(self.file), json.dumps(settings | options)])
        self.environment = {
            "TERM": "xterm-256color",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            **environment,
        }
        line = shell.format(self.command) if shell != "{}" else f"exec {self.command}"
        self.seen = b""
        self.master = pexpect.spawn("/bin/bash", ["-c", line], env=self.environment, timeout=10, dimensions=(30, 100))

    def wait_for(self, text: str) -> None:
        self.master.expect_exact(text.encode())
        self.seen += self.master.before + self.master.after

    def wait_for_prompt(self) -> None:
        self.wait_for(PROMPT)

    def type(self, text: str) -> None:
        self.master.send(text.encode())

    @property
    def pid(self) -> int:
        return int(self.file.with_name("pid").read_text())

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self) -> dict[str, Any]:
        """Wait for its end; what came of it."""
        self.master.expect(pexpect.EOF)
        self.seen += self.master.before
        self.master.close()
        return self.outcome()

    def outcome(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.file.read_text())
        return told

    def answered(self, text: str) -> dict[str, Any]:
        self.wait_for_prompt()
        self.type(text)
        return self.end()

    def screen(self) -> list[str]:
        """The lines that an operator sees."""
        screen = pyte.Screen(100, 30)
        pyte.ByteStream(screen).feed(self.seen)
        return [line.rstrip() for line in screen.display]


Put = Callable[..., Question]


@pytest.fixture
def put(tmp_path: Path) -> Iterator[Put]:
    """Put a question, in words only: without colours the terminal is not asked for its own."""
    yield from _putting(tmp_path, {"NO_COLOR": "1"})


@pytest.fixture
def put_painted(tmp_path: Path) -> Iterator[Put]:
    yield from _putting(tmp_path, {})


def _putting(directory: Path, environment: dict[str, str]) -> Iterator[Put]:
    started: list[Question] = []

    def put(environment_too: dict[str, str] | None = None, **options: Any) -> Question:
        place = directory / str(len(started))
        place.mkdir()
        started.append(Question(place, environment | (environment_too or {}), **options))
        return started[-1]

    yield put
    for question in started:
        question.master.close(force=True)


def wait_until(condition: Callable[[], bool], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()
