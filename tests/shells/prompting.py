"""A real interactive shell on a pseudo-terminal with our prompt file sourced, and the state file that it reads."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pexpect

from guardsh.model import node_state
from guardsh.model.node_state import NodeState
from tests.quiet_fish import QUIET_FISH

INTEGRATIONS = Path(__file__).parents[2] / "shell-integrations"
SHELLS = ("bash", "zsh", "fish")
START = {
    "bash": ["bash", "--noprofile", "--norc", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
# A prompt whose end can be waited for, and nothing that a shell writes of its own accord.
PLAIN = {
    "bash": "PS1='@> '; bind 'set enable-bracketed-paste off'",
    "zsh": "PROMPT='@> '; unsetopt prompt_sp prompt_cr; unset zle_bracketed_paste",
    "fish": "function fish_prompt; echo -n '@> '; end; function fish_title; end; function fish_greeting; end",
}
PROMPT = b"@> "
COLOURS = re.compile(rb"\x1b\](?:1[01];[^\x1b]*|11[01])\x1b\\")


def prompt_file(shell: str) -> Path:
    return INTEGRATIONS / shell / f"prompt.{shell}"


class Node:
    """The state file of a node, and the terminals registered beside it."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "state"
        self.terminals = directory / "terminals"
        self.terminals.mkdir(mode=0o700)

    def says(self, role: str, state: str = "running", **more: tuple[object, ...]) -> None:
        now = int(time.time())
        self.contains(node_state.line(NodeState(now, role, state, **more)).encode() + b"\n")  # type: ignore[arg-type]

    def contains(self, content: bytes) -> None:
        """Replaced at once, as the watcher does."""
        new = self.file.with_name("new")
        new.write_bytes(content)
        new.rename(self.file)


class Shell:
    """``before`` and ``after`` are lines that run before and after the prompt file is sourced."""

    def __init__(
        self,
        shell: str,
        node: Node,
        before: str = "",
        after: str = "",
        words: list[str] | None = None,
        **environment: str,
    ) -> None:
        self.name = shell
        self.environment = {
            "TERM": "xterm-256color",
            "PATH": os.environ["PATH"],
            "HOME": str(node.file.parent),
            **QUIET_FISH,
            "LANG": "C.UTF-8",
            "GUARDSH_STATE": str(node.file),
            "GUARDSH_THEME": "dark",
            **environment,
        }
        self.pty = pexpect.spawn(
            (words or START[shell])[0], (words or START[shell])[1:], env=self.environment, timeout=10
        )
        self.pty.setwinsize(30, 120)
        self.pty.delaybeforesend = None
        rc = node.file.with_name(f"rc-{id(self)}.{shell}")
        rc.write_text("\n".join([before, PLAIN[shell], f"source {prompt_file(shell)}", after, ""]))
        self.pty.send(f"source {rc}\r".encode())

    def ready(self) -> bytes:
        """What is written up to the next prompt."""
        self.pty.expect_exact(PROMPT)
        # the end of a prompt may be redrawn (zsh, fish)
        time.sleep(0.05)
        return bytes(self.pty.before) + PROMPT + self.rest()

    def rest(self) -> bytes:
        try:
            return bytes(self.pty.read_nonblocking(1 << 20, 0.05))
        except (pexpect.TIMEOUT, pexpect.EOF):
            return b""

    def run(self, line: str) -> bytes:
        """Type a line; what is written up to the prompt after it."""
        self.pty.send(line.encode() + b"\r")
        return self.ready()

    def end(self, typed: bytes = b"") -> bytes:
        """Everything that is written until it has ended."""
        self.pty.send(typed)
        self.pty.expect(pexpect.EOF)
        return bytes(self.pty.before)

    def close(self) -> None:
        self.pty.close(force=True)


def colours(output: bytes) -> list[bytes]:
    """The sequences that set or reset a colour, in order."""
    return COLOURS.findall(output)


def host() -> str:
    return os.uname().nodename.partition(".")[0]
