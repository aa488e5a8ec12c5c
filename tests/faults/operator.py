"""A person at a real terminal on the demo's node, or a script without one, whose commands go through the links."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pexpect
import pytest

from guardsh.operations.binaries import LabError
from guardsh.operations.lab import Lab, LabServer
from guardsh.operations.stage import Stage, set_stage
from guardsh.screen.escape import without_sequences

HOST = "db-01"  # a name that reads like a rank; the operator's node has it where namespaces can be had
QUESTION = "host and role> "
NOBODY = 65534
PATIENCE = 20  # seconds for anything that must happen

_PRIVATE = ("unshare", "--mount", "--uts")
NAMESPACES = os.geteuid() == 0 and subprocess.run([*_PRIVATE, "true"], capture_output=True, check=False).returncode == 0
needs_namespaces = pytest.mark.skipif(not NAMESPACES, reason="needs root, and mount namespaces of its own")

# $1 holds etc, lib, log and run: /etc/guardsh, /var/lib/guardsh and the sinks of the audit trail are the test's own.
_MOUNTS = """
mount -t overlay overlay -o lowerdir="$1/etc:/etc" /etc
mount -t overlay overlay -o lowerdir="$1/lib:/var/lib" /var/lib
mount --bind "$1/lib/guardsh" /var/lib/guardsh
mount --bind "$1/log" /var/log
mount --bind "$1/run" /run
[ ! -e /dev/log ] || mount --bind /dev/null /dev/log
hostname "$2"
"""
# Snapshots are found by the kernel's list of btrfs. Who has mounted none here would find those of other tests.
_NO_BTRFS = "[ ! -d /sys/fs/btrfs ] || mount -t tmpfs none /sys/fs/btrfs\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit status (negative: the signal), and what stood on the screen, as one line."""

    status: int
    seen: str


class Session:
    """One command on a terminal of its own; its process is the session's leader."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], cwd: str) -> None:
        self.process = pexpect.spawn(
            words[0],
            list(words[1:]),
            env=dict(environment),
            cwd=cwd,
            timeout=PATIENCE,
            dimensions=(40, 110),
            preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),  # as in a shell; Python ignores it
        )
        self.raw = b""

    def wait_for(self, text: str) -> None:
        try:
            self.process.expect_exact(text.encode())
        except pexpect.EOF:
            raise AssertionError(f"{text!r} was never said: {_shown(self.process.before)}") from None
        self.raw += self.process.before + self.process.after

    def wait_for_question(self) -> None:
        self.wait_for(QUESTION)

    def type(self, text: str) -> None:
        self.process.send(text.encode())

    def answer(self, text: str) -> Ended:
        """Wait for the question, answer it, and wait for the end."""
        self.wait_for_question()
        self.type(text + "\n")
        return self.end()

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def hang_up(self) -> int:
        """Close the terminal, as a lost connection does; the exit status."""
        os.close(self.process.child_fd)
        self.process.child_fd, self.process.closed = -1, True
        return os.waitstatus_to_exitcode(os.waitpid(self.process.pid, 0)[1])

    def end(self) -> Ended:
        self.process.expect(pexpect.EOF)
        self.raw += self.process.before
        # Only now is the terminal closed: rm closes its streams first, and would be hung up in the middle of its exit.
        self.process.wait()
        self.process.close()
        status = self.process.exitstatus
        return Ended(-self.process.signalstatus if status is None else status, _shown(self.raw))


@dataclass
class Operator:
    """Who types on a stage. ``place`` has what is private to them: configuration, audit trail, home."""

    stage: Stage
    place: Path
    host: str = HOST if NAMESPACES else os.uname().nodename.partition(".")[0]
    environment: dict[str, str] = field(default_factory=dict)
    setup: str = ""  # shell commands that make the day bad, in the operator's namespace

    def __post_init__(self) -> None:
        for name in ("etc", "lib/guardsh", "log", "run", "home"):
            (self.place / name).mkdir(parents=True, exist_ok=True)

    def types(self, *words: str, cwd: str = "") -> Session:
        """Start a command at a terminal."""
        return Session(self._words(words), self._environment(), cwd or self.stage.directory)

    def types_line(self, line: str, cwd: str = "") -> Session:
        """Start a line of bash at a terminal."""
        return self.types("bash", "--norc", "--noprofile", "-c", line, cwd=cwd)

    def ordinary(self, *words: str) -> Session:
        """Start a command at a terminal, as an account that may read nothing of a server's."""
        may_reach(self.place)
        os.chmod(self.place / "home", 0o777)
        become = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs")
        return self.types(*become, *words)

    def unattended(self, *words: str, cwd: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as cron would: no terminal, no input."""
        return subprocess.run(
            self._words(words),
            env=self._environment(),
            cwd=cwd or self.stage.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            start_new_session=True,
            timeout=PATIENCE,
            check=False,
        )

    def begins(self, *words: str) -> subprocess.Popen[bytes]:
        """The same, and do not wait for its end."""
        return subprocess.Popen(
            self._words(words),
            env=self._environment(),
            cwd=self.stage.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def configure(self, text: str, mode: int = 0o644) -> Path:
        """Write the configuration of the system."""
        file = self.place / "etc/guardsh/config.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def records(self) -> list[dict[str, Any]]:
        """The audit trail."""
        file = self.place / ("log/guardsh" if NAMESPACES else "home/.local/state/guardsh") / "audit.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def decisions(self) -> list[dict[str, Any]]:
        """Of the audit trail, what was decided; not what was then done in a command's place."""
        return [record for record in self.records() if record["verdict"] is not None]

    def _words(self, words: Sequence[str]) -> list[str]:
        if not NAMESPACES:
            assert not self.setup, "the test needs namespaces"
            return list(words)
        script = f'{_MOUNTS}{self.setup or _NO_BTRFS}\nshift 2; exec "$@"'
        return [*_PRIVATE, "sh", "-ec", script, "sh", str(self.place), self.host, *words]

    def _environment(self) -> dict[str, str]:
        own = {"HOME": str(self.place / "home"), "TERM": "xterm", "NO_COLOR": "1"}
        return {**self.stage.environment, **own, "XDG_CONFIG_HOME": "", **self.environment}


@contextmanager
def staged() -> Iterator[Stage]:
    """The demo's node: a primary, its replica, an aborted restore, an unrelated tree."""
    # A socket's path has at most 107 bytes (unix(7)), and pytest's own directories are long and private.
    directory = tempfile.mkdtemp(prefix="gsh-")
    os.chmod(directory, 0o755)  # other accounts must pass
    try:
        with Lab(directory) as lab:
            yield set_stage(lab)
    except LabError as error:
        if "could not find" not in str(error):
            raise
        pytest.skip("no PostgreSQL server programs on this machine")
    finally:
        shutil.rmtree(directory)


def incomplete_copy(directory: Path) -> Path:
    """What a killed base backup leaves: data, and no pg_control. Asked about without any server."""
    data = directory / "copy"
    (data / "base" / "5").mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    (data / "base" / "5" / "16384").write_bytes(b"x" * 8192)
    return data


def may_reach(place: Path) -> None:
    """Let other accounts through pytest's own directories, and those of its workers, which are 0700."""
    for above in place.parents:
        if above.name.startswith(("pytest-", "popen-")):
            above.chmod(0o711)
    place.chmod(0o755)


def entries(directory: str) -> list[str]:
    """``directory/*`` as a shell expands it."""
    return sorted(os.path.join(directory, name) for name in os.listdir(directory) if not name.startswith("."))


def started_log(server: LabServer) -> str:
    """Where a server that pg_ctl starts may write its log: the lab's own log is root's."""
    return os.path.join(server.lab.sockets, f"{server.name}.log")


def one_line(text: str) -> str:
    """Words as they are read, wherever the line was broken."""
    return " ".join(text.split())


def _shown(raw: bytes) -> str:
    lines = raw.decode(errors="replace").replace("\r", "").splitlines()
    return one_line(" ".join(map(without_sequences, lines)))
