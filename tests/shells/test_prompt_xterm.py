"""A real xterm on an invisible screen: what an operator sees, by pixel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guardsh.screen import palette
from tests.shells.conftest import wait_until
from tests.shells.prompting import Node, prompt_file

MISSING = [program for program in ("Xvfb", "xterm", "import", "identify") if shutil.which(program) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

SIZE = (640, 400)


@pytest.fixture
def display() -> Iterator[str]:
    """An X server of our own, on the first free number that it finds itself."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "{}x{}x24".format(*SIZE), "-nolisten", "tcp"],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


def colour(display: str) -> str:
    """The colour of the middle of the screen, far below any text."""
    at = f"1x1+{SIZE[0] // 2}+{SIZE[1] // 2}"
    with tempfile.NamedTemporaryFile(suffix=".png") as picture:
        subprocess.run(
            ["import", "-display", display, "-window", "root", "-crop", at, picture.name],
            check=True,
            capture_output=True,
        )
        words = ["identify", "-format", "%[pixel:p{0,0}] %[hex:p{0,0}]", picture.name]
        told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    found = re.search(r"([0-9A-F]{6})(?:FF)?$", told)
    assert found, told
    return "#" + found[1].lower()


@pytest.fixture(params=[("#000000", "#d0d0d0"), ("#fdf6e3", "#333333")], ids=["dark theme", "light theme"])
def xterm(request: pytest.FixtureRequest, display: str, tmp_path: Path) -> Iterator[tuple[str, str, Node, Path]]:
    """The display, the terminal's own background, the node, and a FIFO: one line in it is one prompt more."""
    background, foreground = request.param
    node = Node(tmp_path)
    node.says("primary")
    rc = tmp_path / "rc"
    rc.write_text(f"source {prompt_file('bash')}\n")
    words = ["xterm", "-geometry", "200x60+0+0", "-bg", background, "-fg", foreground, "-e"]
    shell = subprocess.Popen(
        [*words, "sh", "-c", f"bash --noprofile --rcfile {rc}; echo $? >{tmp_path}/ended; sleep 60"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "DISPLAY": display,
            "GUARDSH_STATE": str(node.file),
            "LANG": "C.UTF-8",
        },
    )
    yield display, background, node, tmp_path
    shell.terminate()
    shell.wait()


def pid(node: Node) -> int:
    return int(os.listdir(node.terminals)[0])


def test_asked_painted_and_put_back(xterm: tuple[str, str, Node, Path]) -> None:
    display, background, node, directory = xterm
    tint = palette.PRIMARY.light if palette.is_light(background) else palette.PRIMARY.dark

    def shows(wanted: str) -> Callable[[], bool]:
        return lambda: colour(display) == wanted

    assert wait_until(shows(tint), 20), colour(display)
    os.kill(pid(node), 1)
    assert wait_until(shows(background), 10), colour(display)
    assert (directory / "ended").exists()
