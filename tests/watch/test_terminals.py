"""Every terminal that registered is painted, none is waited for, and nobody's registration harms another."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pexpect
import pytest

from guardsh.screen import palette
from guardsh.watch import registry
from guardsh.watch.broadcast import Broadcast, sequence
from guardsh.watch.registry import Registry
from tests.watch.conftest import Open, background, wait_until

RED, BLUE = background(palette.PRIMARY.dark), background(palette.REPLICA.dark)
ROOT = os.geteuid() == 0
NOBODY = 65534


@pytest.mark.parametrize(
    ("word", "theme", "written"),
    [
        ("primary", "dark", "\x1b]11;#480e0e\x1b\\"),
        ("primary", "light", "\x1b]11;#f3b1a4\x1b\\"),
        ("primary", "none", "\x1b]10;#d0d0d0\x1b\\\x1b]11;#480e0e\x1b\\"),
        ("none", "dark", "\x1b]111\x1b\\"),
        ("none", "none", "\x1b]111\x1b\\\x1b]110\x1b\\"),
    ],
)
def test_what_is_written(word: str, theme: str, written: str) -> None:
    assert sequence(word, theme) == written.encode()


def test_every_registered_terminal_is_painted_once_for_each_change(
    broadcast: Broadcast, terminals: Path, open_screen: Open
) -> None:
    one, other = open_screen(terminals), open_screen(terminals, "light")
    for word in ("primary", "primary", "replica"):
        broadcast.show(word)
    broadcast.learn()
    assert one.more() == RED + BLUE
    assert other.more() == background(palette.PRIMARY.light) + background(palette.REPLICA.light)


def test_what_is_no_registration_keeps_none_out(
    broadcast: Broadcast, terminals: Path, open_screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_MOST", 1)
    screen = open_screen(terminals)
    for number in range(200):
        (terminals / f"x{number}").touch()
        (terminals / f"{number + 2**23}").mkdir()
    broadcast.show("primary")
    assert screen.more() == RED


def test_one_that_wants_no_colours_has_none(broadcast: Broadcast, terminals: Path, open_screen: Open) -> None:
    screen = open_screen(terminals, "off")
    broadcast.show("primary")
    broadcast.retry()
    assert screen.more() == b""


def test_a_shell_that_registers_later_is_painted_at_the_next_heartbeat(
    broadcast: Broadcast, terminals: Path, open_screen: Open
) -> None:
    broadcast.show("primary")
    screen = open_screen(terminals)
    broadcast.learn()
    assert screen.more() == RED


def test_a_stopped_terminal_is_not_waited_for_and_painted_when_it_goes_on(
    broadcast: Broadcast, terminals: Path, open_screen: Open
) -> None:
    stopped, running = open_screen(terminals), open_screen(terminals)
    stopped.type("\x13")  # Ctrl-S
    time.sleep(0.1)
    begun = time.monotonic()
    broadcast.show("primary")
    broadcast.show("replica")
    assert time.monotonic() - begun < 0.5
    assert running.more() == RED + BLUE
    broadcast.retry()
    assert stopped.more() == b""
    stopped.type("\x11")  # Ctrl-Q
    time.sleep(0.1)
    broadcast.retry()
    assert stopped.more() == BLUE  # not the colour of the past


def test_a_client_that_reads_nothing_is_not_waited_for(
    broadcast: Broadcast, terminals: Path, open_screen: Open
) -> None:
    screen = open_screen(terminals)
    screen.type("yes | head -c 1000000\n")
    time.sleep(0.3)  # the terminal is full
    begun = time.monotonic()
    broadcast.show("primary")
    broadcast.retry()
    assert time.monotonic() - begun < 0.5
    shown = screen.more(1.0)
    broadcast.retry()
    assert shown.count(RED) + screen.more().count(RED) == 1


def test_a_terminal_that_is_gone_is_forgotten(broadcast: Broadcast, terminals: Path, open_screen: Open) -> None:
    gone, other = open_screen(terminals), open_screen(terminals)
    gone.master.close(force=True)
    broadcast.show("primary")
    broadcast.retry()
    assert other.more() == RED
    assert os.listdir(terminals) == [str(other.pid)]


def test_a_full_screen_program_is_painted_too(broadcast: Broadcast, terminals: Path, open_screen: Open) -> None:
    screen = open_screen(terminals)
    screen.type("sleep 30\n")
    screen.wait_for("sleep 30\r\n")
    broadcast.show("primary")
    assert screen.more() == RED


def test_a_terminal_that_shows_another_machine_is_left_alone(
    broadcast: Broadcast, terminals: Path, open_screen: Open, tmp_path: Path
) -> None:
    ssh = shutil.copy(shutil.which("sleep") or "", tmp_path / "ssh")
    screen = open_screen(terminals)
    screen.type(f"/bin/sh -c '{ssh} 30; :'\n")
    screen.wait_for("30; :'\r\n")
    assert wait_until(lambda: b"ssh" in _names_below(screen.pid))
    broadcast.show("primary")
    assert screen.more() == b""


def _names_below(pid: int) -> bytes:
    names = b""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        names += Path(f"/proc/{child}/comm").read_bytes() + _names_below(int(child))
    return names


def test_hostile_registrations(broadcast: Broadcast, terminals: Path, open_screen: Open, tmp_path: Path) -> None:
    screen, victim = open_screen(terminals), open_screen(terminals)
    secret = tmp_path / "secret"
    secret.write_text("dark")
    registration = terminals / str(victim.pid)
    (terminals / "name with \x1b[31m").write_text("dark")
    (terminals / "99999999999999999999").write_text("dark")
    (terminals / "4194305").write_text("dark")  # no such process (PID_MAX_LIMIT)
    (terminals / "0").write_text("dark")
    (terminals / "-1").write_text("dark")
    for kind in ("link", "hard link", "directory", "fifo", "huge"):
        registration.rmdir() if registration.is_dir() else registration.unlink(missing_ok=True)
        make(kind, registration, secret)
        broadcast.show("primary")
        broadcast.show("replica")
        assert victim.more(0.1) == b"", kind
    assert screen.more() == (RED + BLUE) * 5
    assert secret.read_text() == "dark"


def make(kind: str, registration: Path, secret: Path) -> None:
    if kind == "link":
        registration.symlink_to(secret)
    elif kind == "hard link":
        registration.hardlink_to(secret)
    elif kind == "directory":
        registration.mkdir()
    elif kind == "fifo":
        os.mkfifo(registration)
    else:
        registration.write_text("dark" * 1_000_000)


@pytest.mark.parametrize("theme", ["\x1b]11;#ffffff\x07", "$(id)", "", "dark light", "\0\0\0\0"])
def test_any_other_word_is_no_theme(broadcast: Broadcast, terminals: Path, open_screen: Open, theme: str) -> None:
    screen = open_screen(terminals, theme)
    broadcast.show("primary")
    assert screen.more() == sequence("primary", "none")


def test_a_process_id_that_is_used_again(broadcast: Broadcast, terminals: Path, open_screen: Open) -> None:
    screen = open_screen(terminals)
    os.utime(terminals / str(screen.pid), (time.time() - 3600, time.time() - 3600))  # before its process began
    broadcast.show("primary")
    assert screen.more() == b""
    assert os.listdir(terminals) == []


def test_a_known_registration_survives_a_jump_of_the_clock(
    broadcast: Broadcast, terminals: Path, open_screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = open_screen(terminals)
    broadcast.show("primary")
    # The clock was set an hour ahead: the kernel derives the moment of the start from it, the file keeps its time.
    monkeypatch.setattr("guardsh.system.proc.booted", lambda root: time.time() + 3600)
    broadcast.show("replica")
    assert screen.more() == RED + BLUE


def test_nobody_registers_the_process_of_another(broadcast: Broadcast, terminals: Path, open_screen: Open) -> None:
    if not ROOT:
        pytest.skip("only root can make a file of another account")
    screen = open_screen(terminals)
    os.chown(terminals / str(screen.pid), NOBODY, NOBODY)
    broadcast.show("primary")
    assert screen.more() == b""
    assert os.listdir(terminals) == []


def test_a_shell_on_the_terminal_of_another_account_is_woken(
    broadcast: Broadcast, terminals: Path, open_screen: Open
) -> None:
    if not ROOT:
        pytest.skip("only root can give a terminal to another account")
    screen = open_screen(terminals)
    screen.type("trap 'echo woken' WINCH; PS1=\n")
    screen.more()
    os.chown(os.readlink(f"/proc/{screen.pid}/fd/0"), NOBODY, NOBODY)
    broadcast.show("primary")
    assert screen.more() == b"woken\r\n"


def test_the_registry_of_root_is_for_every_account(terminals: Path, broadcast: Broadcast) -> None:
    assert terminals.stat().st_mode & 0o7777 == (0o1777 if ROOT else 0o700)


def test_a_registry_that_is_a_link_or_anothers_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "terminals").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"Too many levels|Not a directory"):
        Registry(str(tmp_path / "terminals"))
    if ROOT:
        os.chown(tmp_path / "elsewhere", NOBODY, NOBODY)
        with pytest.raises(PermissionError):
            Registry(str(tmp_path / "elsewhere"))


def test_a_suspended_shell_is_painted_as_well(broadcast: Broadcast, terminals: Path, open_screen: Open) -> None:
    screen = open_screen(terminals)
    os.kill(screen.pid, signal.SIGSTOP)
    broadcast.show("primary")
    assert screen.more() == RED
    os.kill(screen.pid, signal.SIGCONT)


def test_a_pane_of_tmux(broadcast: Broadcast, terminals: Path, tmp_path: Path) -> None:
    tmux = shutil.which("tmux")
    if tmux is None:
        pytest.skip("no tmux on this machine")
    socket = str(tmp_path / "tmux")
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "HOME": str(tmp_path), "SHELL": "/bin/sh"}
    outer = pexpect.spawn(tmux, ["-f/dev/null", "-S", socket, "new", "/bin/sh"], env=environment, dimensions=(24, 80))
    try:
        assert wait_until(lambda: b"/bin/sh" in tmux_says(tmux, socket, "#{pane_start_command}"))
        pid = int(tmux_says(tmux, socket, "#{pane_pid}"))
        (terminals / str(pid)).write_text("dark")
        broadcast.show("primary")
        outer.expect(rb"\x1b\[48;[25];[0-9;]*m", timeout=5)
    finally:
        pexpect.run(f"{tmux} -S {socket} kill-server")
        outer.close(force=True)


def tmux_says(tmux: str, socket: str, form: str) -> bytes:
    return bytes(pexpect.run(f"{tmux} -S {socket} list-panes -a -F '{form}'"))
