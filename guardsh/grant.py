"""Grants: what was answered for a whole line at the prompt need not be asked again when its commands start.

A grant lies in the runtime directory of the account that answered, for ten minutes at most. It covers one run of each
command of the line, below the shell that read it, and only while what is observed then is what was answered.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from guardsh.system import proc

LIFETIME = 600.0  # seconds
_LONGEST = 1 << 20  # bytes of a file that is read
_OWN_DIRECTORY = "/run/guardsh/grants"  # of root


@dataclass(frozen=True, slots=True)
class Permit:
    """One command of a line: ``decision`` and ``phrase`` of the verdict that was answered; ``targets`` what it would
    touch, as (path, device, inode), the latter two -1 where nothing was there. ``answer`` is what was typed."""

    name: str
    arguments: tuple[str, ...]
    decision: int
    phrase: str
    targets: tuple[tuple[str, int, int], ...]
    answer: str = ""

    def covers(self, now: Permit) -> bool:
        """Whether what is known now is the same command on the same targets, and no graver."""
        return (self.name, self.arguments, self.phrase, self.targets) == (
            now.name, now.arguments, now.phrase, now.targets
        ) and now.decision <= self.decision  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shell:
    """The shell that read the line: its process (pid, and start in ticks since boot), and its terminal's number."""

    pid: int
    started: int
    terminal: int

    @classmethod
    def of(cls, pid: int) -> Shell | None:
        """The shell with this pid; None where it is not an ancestor of ours, or has no terminal."""
        listed = {process.pid: process for process in proc.processes("/proc")}
        if pid not in proc.ancestors(os.getppid(), listed):
            return None
        shell = listed[pid]
        return cls(pid, shell.ticks, shell.terminal) if shell.terminal else None


def leave(permits: Sequence[Permit], shell: Shell) -> None:
    """Put a grant for these commands down. Raises OSError where that is not possible: they will be asked about."""
    directory = _directory(os.geteuid())
    _make(os.path.dirname(directory), 0o755 if os.geteuid() == 0 else 0o700)
    _make(directory, 0o700)
    _check(os.lstat(directory), os.geteuid(), stat.S_ISDIR)
    _forget_old(directory)
    content = {"schema": 1, "made": _now(), "shell": asdict(shell), "permits": [asdict(permit) for permit in permits]}
    path = os.path.join(directory, f"{shell.pid}-{secrets.token_hex(8)}")
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, json.dumps(content).encode())
    finally:
        os.close(file)


def use(now: Permit) -> str | None:
    """The answer that covers this command, and is used up by it; None where it has to be asked about."""
    for account in _accounts():
        directory = _directory(account)
        for path in _files(directory):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                answer = _use_file(path, account, now)
                if answer is not None:
                    return answer
    return None


def _accounts() -> Iterator[int]:
    """Our own; and for root below sudo, the account that called it, whose shell read the line."""
    yield os.geteuid()
    caller = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and caller.isdigit() and int(caller) != 0:
        yield int(caller)


def _directory(account: int) -> str:
    if account == 0:
        return _OWN_DIRECTORY
    runtime = os.environ.get("XDG_RUNTIME_DIR", "") if account == os.geteuid() else ""
    return f"{runtime or f'/run/user/{account}'}/guardsh/grants"


def _files(directory: str) -> list[str]:
    try:
        return [os.path.join(directory, name) for name in os.listdir(directory)]
    except OSError:
        return []


def _make(directory: str, mode: int) -> None:
    """With this mode whatever the umask is; one that is there is left as it is."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(directory, mode)
        os.chmod(directory, mode)


def _use_file(path: str, account: int, now: Permit) -> str | None:
    """Reading, and crossing out what is used, are one step for other processes of the same line."""
    file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        _check(os.fstat(file), account, stat.S_ISREG)
        _check(os.lstat(os.path.dirname(path)), account, stat.S_ISDIR)
        content = json.loads(os.read(file, _LONGEST))
        if not _is_live(content, account):
            return None
        permits = [_permit(each) for each in content["permits"]]
        found = next((permit for permit in permits if permit.covers(now)), None)
        if found is None:
            return None
        permits.remove(found)
        _write_again(file, {**content, "permits": [asdict(permit) for permit in permits]})
        if not permits:
            os.unlink(path)
        return found.answer
    finally:
        os.close(file)


def _check(status: os.stat_result, account: int, kind: Any) -> None:
    """Nobody but the account (and root) can have written it."""
    if not kind(status.st_mode) or status.st_uid != account or status.st_mode & 0o077:
        raise PermissionError("not a grant of this account")


def _is_live(content: dict[str, Any], account: int) -> bool:
    """Young enough, and left by a shell that still lives, is an ancestor of ours, and is on its terminal still."""
    shell = Shell(**content["shell"])
    if not 0 <= _now() - float(content["made"]) < LIFETIME or Shell.of(shell.pid) != shell:
        return False
    by_sudo = "SUDO_UID" in os.environ  # which may give the command a terminal of its own (use_pty)
    return proc.owner(f"/proc/{shell.pid}") == account and (by_sudo or _terminal() == shell.terminal)


def _terminal() -> int:
    own = proc.parse_stat(proc.read("/proc/self/stat"))
    return own.terminal if own else 0


def _permit(content: dict[str, Any]) -> Permit:
    targets = tuple((str(path), int(device), int(inode)) for path, device, inode in content["targets"])
    return Permit(**{**content, "arguments": tuple(content["arguments"]), "targets": targets})


def _write_again(file: int, content: dict[str, Any]) -> None:
    """Shorter than before, so that a full disk has room for it."""
    os.pwrite(file, data := json.dumps(content).encode(), 0)
    os.ftruncate(file, len(data))


def _forget_old(directory: str) -> None:
    for path in _files(directory):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError), open(path, "rb") as file:
            if not 0 <= _now() - float(json.loads(file.read(_LONGEST))["made"]) < LIFETIME:
                os.unlink(path)


def _now() -> float:
    """Seconds since boot, sleep included: a grant does not live longer because somebody sets the clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
