"""A small node below a directory, with what an installation meets there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

FRONT_DOOR = Path(sys.executable).with_name("guardsh")


@dataclass(frozen=True, slots=True)
class Node:
    """``root`` is its file system."""

    root: Path

    def guardsh(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [str(FRONT_DOOR), words[0], "--root", str(self.root), *words[1:]]
        settings = {**os.environ, **environment}
        return subprocess.run(command, env=settings, capture_output=True, text=True, check=False, timeout=120)

    def install(self, *words: str) -> list[str]:
        """The lines said by an installation without a remark."""
        done = self.guardsh("install", *words)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    def uninstall(self) -> list[str]:
        done = self.guardsh("uninstall")
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    def file(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def put(self, path: str, text: str, mode: int = 0o644) -> Path:
        file = self.file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file


def picture(root: Path) -> Mapping[str, str]:
    """Every path with its kind, mode, owner and contents, to the byte."""
    seen = {}
    for path in sorted(root.rglob("*")):
        found = path.lstat()
        what = os.readlink(path) if path.is_symlink() else path.read_bytes().hex() if path.is_file() else ""
        digest = hashlib.sha256(what.encode()).hexdigest()
        seen[str(path.relative_to(root))] = f"{found.st_mode:o} {found.st_uid} {found.st_nlink} {digest}"
    return seen


@pytest.fixture
def node(tmp_path: Path) -> Node:
    made = Node(tmp_path / "node")
    made.put("/etc/bash.bashrc", "# no line break at the end")
    made.put("/etc/zsh/zshrc", "# of the system\n", 0o600)
    made.put("/usr/lib/systemd/systemd", "#!/bin/sh\n", 0o755)
    made.put("/opt/wal-g/wal-g", "#!/bin/sh\necho real\n", 0o755)
    for directory in ("/usr/local/bin", "/usr/local/lib", "/var/lib", "/etc/systemd/system"):
        made.file(directory).mkdir(parents=True)
    return made
