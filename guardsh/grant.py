"""Grants: what was answered for a whole line at the prompt need not be asked again when its commands start.

A grant is a file of the account that answered, which others may read: the command may run as another one (sudo -u, su).
It covers one run of each command of the line, below the shell that read it, for ten minutes at most, and only while
what is observed then is what was answered. Who uses it says so in a file of its own account.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from guardsh.system import errand, proc

LIFETIME = 600.0  # seconds
_FORGOTTEN = 86400.0  # seconds of the wall clock, which somebody may set
_LONGEST = 1 << 20  # bytes of a file that is read
_OF_ROOT = "/run/guardsh/grants"
_OF_ACCOUNT = "/dev/shm/guardsh-grants-{}"  # noqa: S108 (checked: of that account, and no link); gone at the next boot
# These may give the command a terminal of its own (use_pty in sudoers(5), --pty in su(1)).
_HAND_OVER = frozenset({"sudo", "su", "doas", "runuser"})


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

    @property
    def digest(self) -> str:
        """Of what must be the same; arguments may hold what others should not read."""
        same = json.dumps([self.name, self.arguments, self.phrase, self.targets])
        return hashlib.sha256(same.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answered:
    """A permit as it is written down."""

    digest: str
    decision: int
    answer: str

    @classmethod
    def of(cls, permit: Permit) -> Answered:
        return cls(permit.digest, permit.decision, permit.answer)

    def covers(self, now: Permit) -> bool:
        """Whether what is known now is the same command on the same targets, and no graver."""
        return self.digest == now.digest and now.decision <= self.decision


@dataclass(frozen=True, slots=True)
class Shell:
    """The shell that read the line: its process (pid, and start in ticks since boot), and its terminal's number."""

    pid: int
    started: int
    terminal: int

    @classmethod
    def of(cls, pid: int) -> Shell | None:
        """The shell with this pid; None where it is not an ancestor of ours, or has no terminal."""
        above = next((process for process in _lineage(errand.parent()) if process.pid == pid), None)
        return cls(pid, above.ticks, above.terminal) if above and above.terminal else None


def leave(permits: Sequence[Permit], shell: Shell) -> None:
    """Put a grant for these commands down. Raises OSError where that is not possible: they will be asked about."""
    directory = _own_directory()
    _forget_old(directory)
    answered = [asdict(Answered.of(permit)) for permit in permits]
    text = json.dumps({"schema": 2, "made": _now(), "shell": asdict(shell), "permits": answered})
    _create(f"{directory}/{shell.pid}-{secrets.token_hex(8)}", text)


def use(now: Permit) -> str | None:
    """The answer that covers this command, and is used up by it; None where it has to be asked about."""
    for account in _accounts():
        directory = _directory(account)
        for name in _names(directory, account):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                for number, each in enumerate(_read(directory, name, account)):
                    if each.covers(now) and _take(f"{name}-{number}"):
                        return each.answer
    return None


def _accounts() -> list[int]:
    """Our own, and those of the processes above us: sudo and su run a command as another one."""
    above = (proc.owner(f"/proc/{process.pid}") for process in _lineage(errand.parent()))
    return list(dict.fromkeys([os.geteuid(), *(account for account in above if account is not None)]))


def _read(directory: str, name: str, account: int) -> list[Answered]:
    """The permits of one grant; none where it is too old, or for others than us. Raises OSError, ValueError, KeyError
    and TypeError where it is no grant of this account's."""
    file = os.open(f"{directory}/{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _check(os.fstat(file), account, stat.S_ISREG)
        content = json.loads(os.read(file, _LONGEST))
    finally:
        os.close(file)
    shell = Shell(**content["shell"])
    live = _is_young(content) and _is_below(shell) and proc.owner(f"/proc/{shell.pid}") == account
    return [Answered(**each) for each in content["permits"]] if live else []


def _take(permit: str) -> bool:
    """Cross a permit out: of all processes of this account one can create the file. Raises OSError where none can."""
    try:
        _create(f"{_own_directory()}/{permit}-used", "")
    except FileExistsError:
        return False
    return True


def _check(status: os.stat_result, account: int, kind: Callable[[int], bool]) -> None:
    """Nobody but the account (and root) can have written it."""
    if not kind(status.st_mode) or status.st_uid != account or status.st_mode & 0o022:
        raise PermissionError("not of this account alone")


def _is_young(content: dict[str, Any]) -> bool:
    return 0 <= _now() - float(content["made"]) < LIFETIME


def _is_below(shell: Shell) -> bool:
    """Whether that very process is above us, and we are on its terminal, on one that sudo has made, or on none."""
    below = None
    for above in _lineage(errand.parent()):
        if below and below.terminal not in (0, above.terminal) and above.name not in _HAND_OVER:
            return False
        if (above.pid, above.ticks, above.terminal) == (shell.pid, shell.started, shell.terminal):
            return True
        below = above
    return False


def _lineage(pid: int) -> Iterator[proc.Process]:
    """The process, and those it descends from."""
    while (process := proc.parse_stat(proc.read(f"/proc/{pid}/stat"))) is not None:
        yield process
        pid = process.parent


def _directory(account: int) -> str:
    return _OF_ROOT if account == 0 else _OF_ACCOUNT.format(account)


def _own_directory() -> str:
    """Our account's, made if need be, whatever the umask is. Raises OSError where it is not ours alone."""
    directory = _directory(os.geteuid())
    for each in (os.path.dirname(directory), directory):
        with contextlib.suppress(FileExistsError):
            os.mkdir(each, 0o755)
            os.chmod(each, 0o755)  # noqa: S103 (to be read by the account that the command runs as)
    _check(os.lstat(directory), os.geteuid(), stat.S_ISDIR)
    return directory


def _create(path: str, text: str) -> None:
    """The whole file or none. Raises OSError."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        os.fchmod(file, 0o644)
        if os.write(file, text.encode()) < len(text):
            raise OSError("could not write all of it")
    except OSError:
        os.unlink(path)
        raise
    finally:
        os.close(file)


def _names(directory: str, account: int) -> list[str]:
    try:
        _check(os.lstat(directory), account, stat.S_ISDIR)
        return os.listdir(directory)
    except OSError:
        return []


def _forget_old(directory: str) -> None:
    """What has been used is forgotten long after what it was a part of: until then it must not be used again."""
    for name in _names(directory, os.geteuid()):
        with contextlib.suppress(OSError):
            age = time.time() - os.lstat(path := f"{directory}/{name}").st_mtime
            if age > (_FORGOTTEN if name.endswith("-used") else LIFETIME):
                os.unlink(path)


def _now() -> float:
    """Seconds since boot, sleep included: a grant does not live longer because somebody sets the clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
