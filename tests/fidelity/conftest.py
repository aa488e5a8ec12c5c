"""A shell under the name rm: ``rm SCRIPT WORDS…`` tells what has reached it, through guardsh and without it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FRONT_DOOR = Path(sys.executable).with_name("guardsh")


@dataclass(frozen=True, slots=True)
class Done:
    """``status`` as a shell's parent gets it; negative: the signal."""

    status: int
    out: bytes
    err: bytes
    pid: int


@dataclass(frozen=True, slots=True)
class Probe:
    """``links`` has the guarded name, ``tools`` the real program."""

    place: Path

    @property
    def links(self) -> Path:
        return self.place / "links"

    @property
    def tools(self) -> Path:
        return self.place / "tools"

    @property
    def environment(self) -> dict[bytes, bytes]:
        path = os.fsencode(f"{self.links}:{self.tools}:/usr/bin:/bin")
        return {b"PATH": path, b"LC_ALL": b"C.UTF-8", b"HOME": os.fsencode(self.place)}

    def script(self, text: str) -> str:
        file = self.place / "script"
        file.write_text(text + "\n")
        return str(file)

    def guarded(self, text: str, *operands: str | bytes, **options: Any) -> Done:
        """What the script did as ``rm SCRIPT OPERANDS…`` through the link."""
        return self.start([self.links / "rm", self.script(text), *operands], b"rm", **options)

    def direct(self, text: str, *operands: str | bytes, **options: Any) -> Done:
        """The same without guardsh."""
        return self.start([self.tools / "rm", self.script(text), *operands], b"rm", **options)

    def run(self, *words: str | bytes, **options: Any) -> Done:
        """``guardsh run -- WORDS…``"""
        return self.start([FRONT_DOOR, "run", "--", *words], b"guardsh", **options)

    def start(self, words: Sequence[str | bytes | Path], name: bytes, **options: Any) -> Done:
        program, *rest = words
        settings: dict[str, Any] = {"env": self.environment, "cwd": self.place, "stdin": subprocess.DEVNULL, **options}
        with subprocess.Popen(
            [name, *rest], executable=program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings
        ) as process:
            out, err = process.communicate(timeout=60)
        return Done(process.returncode, out, err, process.pid)


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    made = Probe(tmp_path)
    made.links.mkdir()
    made.tools.mkdir()
    (made.links / "rm").symlink_to(FRONT_DOOR)
    (made.tools / "rm").symlink_to(os.path.realpath("/bin/sh"))
    return made
