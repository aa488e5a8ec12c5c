"""One question per line, asked before it runs, whoever the commands of the line run as, and wherever the shell is."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.shells.operating import HOST, WORK, Operating, data_directory
from tests.shells.other_accounts import BY_SETPRIV, DBA, needs, needs_accounts, operating, sshd

pytestmark = needs_accounts
Start = Callable[..., Operating]
REMOVAL = f"rm -rf ~/{WORK}/data"


@pytest.fixture
def place() -> Iterator[Path]:
    """Where other accounts can come: pytest closes its own directories to them whenever it starts."""
    with tempfile.TemporaryDirectory(prefix="gsh-") as directory:
        os.chmod(directory, 0o755)
        yield Path(directory)


@pytest.fixture
def data(place: Path) -> Path:
    (place / WORK).mkdir()
    return data_directory(place)


@pytest.fixture
def start(data: Path, place: Path) -> Iterator[Start]:
    started: list[Operating] = []

    def start(shell: str = "bash", **more: object) -> Operating:
        started.append(operating(shell, place, **more))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for each in started:
        each.close()
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((place / "sshd.pid").read_text()), signal.SIGTERM)
    if (place / "tmux").exists():
        subprocess.run(["tmux", "-S", place / "tmux", "kill-server"], check=False, capture_output=True)


def vetoed_then_asked_once(shell: Operating, line: str, data: Path) -> str:
    """Refuse a line, then answer it rightly: what was shown from the answer to the next prompt, where a second question
    would never end."""
    shell.asked(line)
    assert "Nothing was run." in shell.answer("no")
    assert data.exists()
    shell.clear()
    shell.asked(line)
    return shell.answer(f"{HOST} incomplete")


BELOW_ROOT = [
    pytest.param("sudo rm -rf data", marks=needs("sudo")),
    pytest.param("sudo /bin/sh -c 'rm -rf data'", marks=needs("sudo")),
    pytest.param("sudo -i rm -rf $PWD/data", marks=needs("sudo")),
    pytest.param("sudo nice env rm -rf data | cat", marks=needs("sudo")),
    pytest.param("su -c 'rm -rf data'", marks=needs("su")),
    pytest.param("su --pty -c 'rm -rf data'", marks=needs("su")),
    "setsid -w rm -rf data",
]


@pytest.mark.parametrize("line", BELOW_ROOT)
def test_the_shim_below_does_not_ask_again(start: Start, data: Path, line: str) -> None:
    shell = start()
    shown = vetoed_then_asked_once(shell, line, data)
    assert "could not start" not in shown
    assert not data.exists()
    assert shell.works()


@needs("sudo")
@pytest.mark.parametrize("shell", [pytest.param(name, marks=needs(name)) for name in ("bash", "zsh")])
@pytest.mark.parametrize("defaults", ["use_pty", "!use_pty"])
def test_sudo_with_a_terminal_of_its_own_and_without(start: Start, data: Path, shell: str, defaults: str) -> None:
    vetoed_then_asked_once(start(shell, defaults=defaults), "sudo rm -rf data", data)
    assert not data.exists()


@needs("sudo")
def test_as_another_account_than_root(start: Start, data: Path) -> None:
    shell = start()
    shell.line("umask 077")
    shown = vetoed_then_asked_once(shell, "sudo -u daemon rm -rf data", data)
    assert "permission denied; nothing was deleted" in shown  # the kernel has decided
    assert "could not start" not in shown
    assert data.exists()


@needs("sudo")
def test_an_answer_is_for_one_run(start: Start, data: Path) -> None:
    shell = start()
    (shell.work / "again").write_text("sudo -u daemon rm -rf data\n")
    vetoed_then_asked_once(shell, "sudo -u daemon rm -rf data", data)
    shell.asked(". ./again")
    assert "Permission denied" not in shell.answer("no")


FULL = "mount -t tmpfs -o mode=1777,size=4k tmpfs /dev/shm; head -c 4096 /dev/zero >/dev/shm/full"
NO_ROOM = {
    "read-only": "mount -o remount,ro /dev/shm",
    "full": FULL,
    "no file more": "mount -t tmpfs -o mode=1777,nr_inodes=1 tmpfs /dev/shm",
    "somebody else's": f"mkdir -m 777 /dev/shm/guardsh-grants-{DBA}",
    "a link": f"ln -s /tmp /dev/shm/guardsh-grants-{DBA}",
}


@needs("sudo")
@pytest.mark.parametrize("spoilt", NO_ROOM.values(), ids=NO_ROOM)
def test_where_no_grant_can_be_left_it_is_asked_twice_and_runs_then(start: Start, data: Path, spoilt: str) -> None:
    shell = start(before=[spoilt])
    shell.asked("sudo rm -rf data")
    shell.type(f"{HOST} incomplete\r")
    shell.asked("")
    assert data.exists()
    shell.answer("no")
    assert data.exists()
    assert shell.works()
    shell.asked("sudo rm -rf data")
    shell.type(f"{HOST} incomplete\r")
    shell.asked("")
    shell.answer(f"{HOST} incomplete")
    assert not data.exists()


@needs("sudo")
def test_a_shell_of_roots(start: Start, data: Path) -> None:
    shell = start()
    shell.number = 0  # a shell of its own, which counts anew
    shell.line("sudo -i")
    shell.line(f"cd {shell.work}")
    vetoed_then_asked_once(shell, "rm -rf data", data)
    assert not data.exists()


@needs("sshd", "ssh", "ssh-keygen")
@pytest.mark.parametrize("line", [REMOVAL, pytest.param(f"sudo {REMOVAL}", marks=needs("sudo"))])
def test_over_ssh(start: Start, data: Path, place: Path, line: str) -> None:
    before, login = sshd(place)
    vetoed_then_asked_once(start(before=before, login=login), line, data)
    assert not data.exists()


@needs("sshd", "ssh", "ssh-keygen")
def test_a_connection_that_is_lost_while_it_asks_is_no_answer(start: Start, data: Path, place: Path) -> None:
    before, login = sshd(place)
    shell = start(before=before, login=login)
    shell.asked(f"{REMOVAL}; touch ~/{WORK}/ran")
    os.kill(shell.master.pid, signal.SIGKILL)
    shell.close()
    again = start(login=BY_SETPRIV)
    assert again.works()
    assert data.exists()
    assert not (again.work / "ran").exists()


@needs("tmux")
@pytest.mark.parametrize("line", ["rm -rf data", pytest.param("sudo rm -rf data", marks=needs("sudo"))])
def test_in_tmux(start: Start, data: Path, place: Path, line: str) -> None:
    (place / "tmux.conf").write_text("set -g status off\n")
    tmux = f'tmux -S {place}/tmux -f {place}/tmux.conf new-session "$@"'
    shell = start(login=BY_SETPRIV.replace('"$@"', tmux), before=[f"chmod 777 {place}"])
    vetoed_then_asked_once(shell, line, data)
    assert not data.exists()
