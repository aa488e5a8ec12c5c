"""A real watcher beside real servers, and real pseudo-terminals that registered with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from guardsh.model.node_state import NodeState
from guardsh.system import proc
from guardsh.watch import state_file
from guardsh.watch.broadcast import Broadcast
from guardsh.watch.registry import Registry

ALONE = "GUARDSH_TEST_ALONE"
FRONT_DOOR = Path(__file__).resolve().parents[2] / "scripts" / "guardsh"


class Watching:
    """A watcher in a process of its own, and the state that it keeps."""

    def __init__(self, directory: Path) -> None:
        self.state = str(directory / "run" / "state")
        self.terminals = directory / "run" / "terminals"
        self.environment = {**os.environ, "GUARDSH_STATE": self.state}
        self.process = self.start()

    def start(self, *options: str, **streams: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, FRONT_DOOR, "watch", *options], env=self.environment, **streams)

    def now(self) -> NodeState | None:
        """What a prompt believes now."""
        return state_file.read(self.state, time.time())

    def until(self, role: str, state: str, seconds: float = 10.0) -> NodeState:
        """Wait for this role and state; fails with what is said instead."""
        found = self.now()

        def reached() -> bool:
            nonlocal found
            found = self.now()
            return found is not None and (found.role, found.state) == (role, state)

        assert wait_until(reached, seconds), found
        assert found is not None
        return found

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Screen:
    """A shell on a pseudo-terminal, registered as shell-integrations/*/prompt.* would; its own bytes as they come."""

    def __init__(self, terminals: Path, theme: str = "dark", command: str = "/bin/bash --norc --noprofile -i") -> None:
        environment = {"PATH": os.environ["PATH"], "PS1": "ready> ", "TERM": "xterm-256color"}
        self.master = pexpect.spawn(command, env=environment, timeout=10, dimensions=(24, 80), encoding=None)
        self.master.expect_exact(b"ready> ")
        self.pid = int(self.master.pid)
        (terminals / str(self.pid)).write_text(theme + "\n")
        self.seen = b""

    def type(self, text: str) -> None:
        self.master.send(text.encode())

    def wait_for(self, *texts: bytes | str) -> None:
        for text in texts:
            self.master.expect_exact(text.encode() if isinstance(text, str) else text)
            self.seen += self.master.before + self.master.after

    def more(self, seconds: float = 0.3) -> bytes:
        """What still comes within so many seconds."""
        got = b""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                got += self.master.read_nonblocking(4096, timeout=0.05)
            except pexpect.TIMEOUT:
                continue
        self.seen += got
        return got


def background(colour: str) -> bytes:
    return f"\x1b]11;{colour}\x1b\\".encode()


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def watchers(state: str) -> list[int]:
    """Processes that have the lock of this state open, less their children, which look."""
    found = {pid: process.parent for pid in _pids() if (process := proc.parse_stat(proc.read(f"/proc/{pid}/stat")))}
    holders = [pid for pid in found if _holds(pid, f"{state}.lock")]
    return [pid for pid in holders if found[pid] not in holders]


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _holds(pid: int, lock: str) -> bool:
    try:
        opened = [os.stat(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")]
        return any(os.path.samestat(os.stat(lock), each) for each in opened)
    except OSError:
        return False


@pytest.fixture
def alone() -> None:
    """A node's state is that of all its servers: other tests' would be in it, too."""
    if ALONE not in os.environ:
        pytest.skip("runs on a node of its own (tests/watch/test_node.py)")


@pytest.fixture
def watching(alone: None, tmp_path: Path) -> Iterator[Watching]:
    made = Watching(tmp_path)
    yield made
    made.end()


@pytest.fixture
def terminals(tmp_path: Path) -> Path:
    return tmp_path / "terminals"


@pytest.fixture
def broadcast(terminals: Path) -> Iterator[Broadcast]:
    registry = Registry(str(terminals))
    yield Broadcast(registry)
    registry.close()


Open = Callable[..., Screen]


@pytest.fixture
def open_screen() -> Iterator[Open]:
    opened: list[Screen] = []

    def open_one(terminals: Path, theme: str = "dark") -> Screen:
        opened.append(Screen(terminals, theme))
        return opened[-1]

    yield open_one
    for screen in opened:
        screen.master.close(force=True)
