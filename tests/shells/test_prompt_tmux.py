"""The prompt's colour inside a real tmux: that of its own pane, and of no other."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

from guardsh.screen import palette
from tests.quiet_fish import QUIET_FISH
from tests.shells.conftest import wait_until
from tests.shells.prompting import PLAIN, SHELLS, Node, prompt_file

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Panes:
    """Two panes side by side, the left one with our prompt, seen through one client's terminal of 81 columns."""

    def __init__(self, name: str, node: Node) -> None:
        home = node.file.parent
        text = f"{PLAIN[name]}\nsource {prompt_file(name)}\n"
        (home / "rc").write_text(text)
        (home / ".zshrc").write_text(text)  # zsh has no option that names another
        words = {
            "bash": f"bash --noprofile --rcfile {home}/rc",
            "zsh": "zsh -d",
            "fish": f"fish --no-config -C 'source {home}/rc'",
        }[name]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            **QUIET_FISH,
            "ZDOTDIR": str(home),
            "LANG": "C.UTF-8",
        }
        ours = {"GUARDSH_STATE": str(node.file), "GUARDSH_THEME": "dark"}
        self._tmux = ["tmux", "-S", str(home / "tmux"), "-f", "/dev/null"]
        self.screen = pyte.Screen(81, 24)
        self._stream = pyte.ByteStream(self.screen)
        left = f"env {shlex.join(f'{key}={value}' for key, value in ours.items())} {words}"
        self.client = pexpect.spawn(
            "tmux",
            [*self._tmux[1:], "-T", "RGB", "-u", "new-session", left, ";", "split-window", "-h", "-d", "cat"],
            env=environment | {"TERM": "xterm-256color"},
            dimensions=(24, 81),
        )

    def __call__(self, *words: str) -> None:
        subprocess.run([*self._tmux, *words], check=False, capture_output=True)

    def backgrounds(self) -> tuple[str, str]:
        """Of a cell far from any text, in the left and in the right pane."""
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            self._stream.feed(self.client.read_nonblocking(1 << 20, 0.05))
        return str(self.screen.buffer[15][30].bg), str(self.screen.buffer[15][70].bg)


@pytest.fixture(params=SHELLS)
def panes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Panes, Node]]:
    node = Node(tmp_path)
    node.says("primary")
    running = Panes(request.param, node)
    yield running, node
    running("kill-server")
    running.client.close(force=True)


def test_only_the_pane_of_the_shell_has_the_colour(panes: tuple[Panes, Node]) -> None:
    running, node = panes
    assert wait_until(lambda: running.backgrounds() == (palette.PRIMARY.dark[1:], "default"))
    node.says("replica")
    running("send-keys", "Enter")
    assert wait_until(lambda: running.backgrounds() == (palette.REPLICA.dark[1:], "default"))
    node.says("none", "none")
    running("send-keys", "Enter")
    assert wait_until(lambda: running.backgrounds() == ("default", "default"))
