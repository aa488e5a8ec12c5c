"""The question inside a real tmux: its pane is painted, and only that one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.shells.conftest import PROMPT, Put, wait_until

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

PAINTED = b"48;2;72;14;14"  # #480e0e as tmux sends it to a terminal with true colours


class Tmux:
    """A server on a socket of its own, with one client on a pseudo-terminal."""

    def __init__(self, directory: Path, command: str, environment: dict[str, str]) -> None:
        self._start = ["tmux", "-S", str(directory / "tmux"), "-f", "/dev/null"]
        self.client = pexpect.spawn(
            self._start[0],
            [*self._start[1:], "-T", "RGB", "-u", "new-session", f"{command}; cat"],
            env=environment | {"TERM": "xterm-256color"},
            timeout=10,
            dimensions=(30, 100),
        )

    def __call__(self, *words: str) -> str:
        return subprocess.run([*self._start, *words], capture_output=True, text=True, check=False).stdout

    def shows(self, text: str) -> bool:
        return wait_until(lambda: text in self("capture-pane", "-p"))


@pytest.fixture
def tmux(put_painted: Put, tmp_path: Path) -> Iterator[tuple[Tmux, Path]]:
    question = put_painted(shell="true || {}")  # only for its command line
    environment = {name: value for name, value in question.environment.items() if name != "TERM"}
    running = Tmux(tmp_path, question.command, environment)
    yield running, question.file
    running("kill-server")
    running.client.close(force=True)


def test_the_pane_is_painted_and_put_back(tmux: tuple[Tmux, Path]) -> None:
    session, file = tmux
    assert session.shows(PROMPT.rstrip())
    session.client.expect_exact(PAINTED)
    session("send-keys", "-l", "db-01 primary")
    session("send-keys", "Enter")
    assert wait_until(lambda: file.exists() and '"accepted": true' in file.read_text())
    session("refresh-client")
    session.client.expect(pexpect.TIMEOUT, timeout=0.5)
    last_screen = session.client.before.rpartition(b"\x1b[H")[2]
    assert b"PRIMARY" in last_screen
    assert PAINTED not in last_screen


def test_a_paste_through_tmux_is_refused(tmux: tuple[Tmux, Path]) -> None:
    session, file = tmux
    assert session.shows(PROMPT.rstrip())
    session("set-buffer", "db-01 primary")
    session("paste-buffer", "-p")
    session("send-keys", "Enter")
    assert wait_until(lambda: file.exists() and "pasted, not typed" in file.read_text())
