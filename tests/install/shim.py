"""The shim on a bench: what it lets pass runs a program that says so, what it doubts asks one that refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from guardsh.commands import SHIMMED

SOURCE = Path(__file__).resolve().parents[2] / "shell-integrations" / "prefilter.sh"
SHELLS = (("dash",), ("bash", "--posix"), ("busybox", "sh"))
PERMITTED, REFUSED = 86, 77


@dataclass(frozen=True, slots=True)
class Shim:
    """``place`` has shims/ and real/, and the program guardsh, whose exit status the test chooses."""

    place: Path
    shell: tuple[str, ...]

    @classmethod
    def make(cls, place: Path, shell: tuple[str, ...] = ("sh",)) -> Shim:
        made = cls(place, shell)
        made.program("guardsh", 'echo "$@" >>"${0%/*}/asked"; exit 77')
        for name in SHIMMED:
            made.program(f"real/{name}", 'printf "%s\\n" "$0" "$@"')
            made.file(name).parent.mkdir(exist_ok=True)
            made.file(name).write_text(
                f"#!/bin/sh\n__guardsh_program='{place}/guardsh'\n{SOURCE.read_text()}", encoding="utf-8"
            )
            made.file(name).chmod(0o755)
        return made

    @property
    def started_by(self) -> tuple[str, ...]:
        """The shell as a path: the PATH of a test need not have it."""
        return (shutil.which(self.shell[0]) or self.shell[0], *self.shell[1:])

    def file(self, name: str) -> Path:
        return self.place / "shims" / name

    def program(self, name: str, script: str) -> Path:
        """A program of the bench, as a shell script."""
        path = self.place / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def run(self, name: str, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        path = f"{self.file(name).parent}:{self.place}/real:/usr/bin:/bin"
        return subprocess.run(
            [*self.started_by, self.file(name), *map(os.fsencode, words)],
            env={"PATH": path, "LC_ALL": "C.UTF-8", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )

    def passes(self, name: str, *words: str) -> bool:
        """Whether it becomes the program without asking."""
        done = self.run(name, *words)
        assert done.returncode in (0, REFUSED), done
        assert done.stderr == b"", done
        return done.returncode == 0
