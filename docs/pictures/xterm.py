"""An xterm that nobody sees, bash with guardsh in it, and pictures of it; for docs/pictures/make."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

HERE = Path(__file__).resolve().parent
GUARDSH = Path(sys.executable).parent / "guardsh"
THEME = ("-fa", "DejaVu Sans Mono", "-fs", "10", "-bg", "#101010", "-fg", "#d8d8d8", "-b", "6", "-bw", "0")
PATIENCE = 60.0  # seconds
Found = TypeVar("Found")


@contextmanager
def screen() -> Iterator[str]:
    """An X server of our own, on the first free number that it finds itself."""
    reader, writer = os.pipe()
    words = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1200x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as told, ended(server):
        yield f":{told.readline().strip()}"


@contextmanager
def terminal(place: str, background: str, **more: str) -> Iterator[tuple[str, Callable[[bytes], int]]]:
    """An xterm, bash with guardsh in it, in the colour that it must have; its window, and what types into it.

    xterm shows a pseudo-terminal that is ours (-S), so that what we write there is what a keyboard would.
    """
    master, slave = pty.openpty()
    columns, rows = place.partition("+")[0].split("x")
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))
    mode = termios.tcgetattr(slave)
    termios.tcsetattr(slave, termios.TCSANOW, [*mode[:3], mode[3] & ~termios.ECHO, *mode[4:]])
    option = f"-S{os.path.basename(os.ttyname(slave))}/{master}"
    shown = subprocess.Popen(["xterm", *THEME, "-geometry", place, option], pass_fds=[master])
    # xterm may stop for ever in its own handler of SIGTERM
    with ended(shown, signal.SIGKILL), ended(shell(slave, window := window_of(slave, mode), more), signal.SIGHUP):
        os.close(slave)
        until(lambda: colour(window) == background)
        settled(window)
        yield window, lambda keys: os.write(master, keys)
    os.close(master)


def window_of(slave: int, mode: list[Any]) -> str:
    """The first line that one reads from a terminal shown by -S: the number of its window (xterm(1)).

    It was not to be echoed; for what comes now the terminal gets its mode back.
    """
    number = os.read(slave, 64).decode().strip()
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    return f"0x{number}"


def shell(slave: int, window: str, more: dict[str, str]) -> subprocess.Popen[bytes]:
    rc = Path("/run", f"rc-{window}")
    rc.write_text("PS1='\\u@\\h:\\w\\$ '\neval \"$(guardsh init bash)\"\n")
    path = f"{GUARDSH.parent}:{os.environ['PATH']}"
    return subprocess.Popen(
        ["setsid", "--ctty", "--wait", "bash", "--noprofile", "--rcfile", rc, "-i"],
        env={"PATH": path, "HOME": "/root", "HISTFILE": "", "TERM": "xterm-256color", "LANG": "C.UTF-8", **more},
        cwd="/srv",
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )


def settled(window: str, still: float = 0.7) -> None:
    """Wait until the window has not changed for so many seconds."""
    before, since = b"", time.monotonic()
    while time.monotonic() - since < still:
        now = pixels(window)
        if now != before:
            before, since = now, time.monotonic()
        time.sleep(0.1)


def until(condition: Callable[[], Found]) -> Found:
    """Wait for something true, and give it."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"nothing happened in {PATIENCE:.0f} s")
        time.sleep(0.1)
    return found


@contextmanager
def ended(
    process: subprocess.Popen[str] | subprocess.Popen[bytes], by: signal.Signals = signal.SIGTERM
) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(by)
        process.wait()


def colour(window: str) -> str:
    """Of the last pixel, where no text is."""
    return "#" + pixels(window)[-3:].hex()


def width(window: str) -> int:
    return int(imported("-window", window, "ppm:-").split()[1])


def picture(name: str, *what: str) -> None:
    small = ("+dither", "-colors", "24", "-strip", "-define", "png:compression-level=9")
    imported(*what, "+repage", *small, f"PNG8:{HERE / name}")


def pixels(window: str) -> bytes:
    return imported("-window", window, "-depth", "8", "rgb:-")


def imported(*words: str) -> bytes:
    return subprocess.run(["import", *words], check=True, stdout=subprocess.PIPE).stdout
