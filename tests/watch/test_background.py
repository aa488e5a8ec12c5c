"""Where no service keeps the state, the first shell of an account starts a watcher, and the last one ends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from guardsh.cli import init
from guardsh.system import proc, state_place
from guardsh.watch import background, state_file
from guardsh.watch.registry import Registry
from tests.quiet_fish import QUIET_FISH
from tests.watch.conftest import Open, wait_until, watchers

FRONT_DOOR = Path(sys.executable).with_name("guardsh")
START = {
    "bash": ["--noprofile", "--rcfile", "{rc}", "-i"],
    "zsh": ["-d", "-i"],
    "fish": ["--no-config", "--init-command", "source {rc}", "-i"],
}
# As root it is /run that the state lies in: here the test's own.
PRIVATE = ("unshare", "--mount", "sh", "-ec", 'mount --bind "$0/run" /run; exec "$@"')
ROOT = os.geteuid() == 0
CAN_BE_HAD = ROOT and subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
Begin = Callable[..., pexpect.spawn]


@pytest.fixture(params=[*START])
def begin(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Begin]:
    """Start the shell, with everything that `guardsh init` prints, as an account whose state lies below tmp_path."""
    shell = request.param
    if not CAN_BE_HAD:
        pytest.skip("needs root, and a mount namespace of its own")
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} on this machine")
    started: list[pexpect.spawn] = []

    def begin_one(**environment: str) -> pexpect.spawn:
        rc = tmp_path / (".zshrc" if shell == "zsh" else "rc")
        rc.write_text(init.script(shell, str(FRONT_DOOR)))
        home = str(tmp_path)
        given = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            **QUIET_FISH,
            "ZDOTDIR": home,
            "TERM": "xterm",
            "LANG": "C.UTF-8",
        }
        own = {"XDG_RUNTIME_DIR": f"{home}/run", "GUARDSH_THEME": "dark"}
        os.makedirs(f"{home}/run", exist_ok=True)
        words = [*PRIVATE, home, shell, *(word.format(rc=rc) for word in START[shell])]
        started.append(pexpect.spawn(words[0], words[1:], env={**given, **own, **environment}, timeout=20))
        started[-1].sendline("echo alive$0" if shell != "fish" else "echo alive$version")
        started[-1].expect(rb"alive[a-z0-9/]")
        return started[-1]

    yield begin_one
    for each in started:
        each.close(force=True)
    for pid in watchers(f"{tmp_path}/run/guardsh/state"):
        os.kill(pid, signal.SIGTERM)
    assert wait_until(lambda: not watchers(f"{tmp_path}/run/guardsh/state"))


def test_the_first_shell_starts_one(begin: Begin, tmp_path: Path) -> None:
    state = f"{tmp_path}/run/guardsh/state"
    first = begin()
    assert wait_until(lambda: state_file.read(state, time.time()) is not None, 30)
    [watcher] = wait_for_one(state)
    seen = proc.parse_stat(proc.read(f"/proc/{watcher}/stat"))
    assert seen is not None
    assert (seen.terminal, seen.parent == first.pid) == (0, False)
    assert {os.readlink(f"/proc/{watcher}/fd/{number}") for number in range(3)} == {os.devnull}
    first.sendline("")  # at the very first prompt the directory may not be there yet
    assert wait_until(lambda: os.path.exists(f"{tmp_path}/run/guardsh/terminals/{first.pid}"))
    begin()
    time.sleep(1)
    assert wait_for_one(state) == [watcher]
    first.close(force=True)
    assert wait_for_one(state) == [watcher]


def wait_for_one(state: str) -> list[int]:
    assert wait_until(lambda: len(watchers(state)) == 1)
    return watchers(state)


@pytest.mark.parametrize("reason", ["told not to", "a state is kept", "another is named"])
def test_it_is_not_started(begin: Begin, tmp_path: Path, reason: str) -> None:
    (tmp_path / "run" / "guardsh").mkdir(parents=True)
    if reason == "a state is kept":
        (tmp_path / "run" / "guardsh" / "state").write_text(f"1 {int(time.time())} primary running - -\n")
    more = {
        "told not to": {"GUARDSH_WATCH": "off"},
        "another is named": {"GUARDSH_STATE": f"{tmp_path}/run/guardsh/state"},
    }
    shell = begin(**more.get(reason, {}))
    time.sleep(1)
    assert not watchers(f"{tmp_path}/run/guardsh/state")
    assert not (tmp_path / "run" / "guardsh" / "terminals").exists()
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_ends_a_minute_after_the_last_shell(terminals: Path, open_screen: Open) -> None:
    clock = Clock()
    registry = Registry(str(terminals))
    over = background.until_nobody_needs_it(state_place.to_read(os.environ), registry, clock)
    screen = open_screen(terminals, "off")
    assert not any(over() for clock.now in (0.0, 50.0, 100.0, 155.0))
    screen.master.close(force=True)
    assert not any(over() for clock.now in (159.0, 160.0, 210.0))
    clock.now = 216.0
    assert over()
    registry.close()


def test_it_ends_when_others_keep_the_state(
    terminals: Path, open_screen: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    # /run/guardsh is this machine's own
    monkeypatch.setattr(state_place, "NODE", str(tmp_path / "node"))
    monkeypatch.delenv("GUARDSH_STATE", raising=False)
    registry = Registry(str(terminals))
    open_screen(terminals)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)  # root's own is the node's
    over = background.until_nobody_needs_it(state_place.to_read(os.environ), registry, clock)
    assert not over()
    (tmp_path / "node").touch()
    clock.now = 5.0
    assert over()
    registry.close()
