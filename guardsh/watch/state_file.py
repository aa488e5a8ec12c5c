"""The state file: written whole by one watcher, read by everybody, believed only as far as it can be checked."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat

from guardsh.model.node_state import LONGEST, TTL, NodeState, line, parse

_AHEAD = 2  # seconds that a state may be in the future: two clocks that are read one after the other


class KeptByAnother(Exception):  # noqa: N818 (an outcome, not an error)
    """Another watcher keeps this file."""


class StateFile:
    """The state file of this watcher, as long as it holds the lock beside it.

    Raises OSError where the directory cannot be used or the file is no state, and ``KeptByAnother``.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.directory = os.path.dirname(path)
        if _is_something_else(path):  # GUARDSH_STATE may name anything
            raise FileExistsError(errno.EEXIST, "something else is there", path)
        os.makedirs(self.directory, mode=0o755, exist_ok=True)
        self._lock = self._locked()

    def write(self, state: NodeState) -> None:
        """Replace the file by this state. Raises OSError; then there is none: unknown is better than old."""
        try:
            self._replace(f"{line(state)}\n".encode())
        except OSError:
            self.remove()
            raise

    def remove(self) -> None:
        """Leave no state."""
        for path in (self._new, self.path):
            with contextlib.suppress(OSError):
                os.unlink(path)

    def close(self) -> None:
        os.close(self._lock)

    @property
    def _new(self) -> str:
        return f"{self.path}.new"

    def _replace(self, data: bytes) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._new)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._new, flags, 0o644)
        try:
            os.fchmod(descriptor, 0o644)  # whatever the umask
            os.write(descriptor, data)
        finally:
            os.close(descriptor)
        os.rename(self._new, self.path)

    def _locked(self) -> int:
        """A lock of this process alone (fcntl(2)): a child that hangs must not hold it when we are gone."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(f"{self.path}.lock", flags, 0o600)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise KeptByAnother from error
        return descriptor


def _is_something_else(path: str) -> bool:
    """Whether there is what no watcher has left."""
    try:
        return os.path.lexists(path) and parse(_text(path)) is None
    except ValueError:
        return True


def read(path: str, now: float) -> NodeState | None:
    """The state that the file says; None where it is not a fresh one of a trusted watcher: show that as unknown.

    Trusted are root's and one's own, if nobody else may write it. A FIFO or device is never waited for.
    """
    try:
        state = parse(_text(path))
    except (OSError, ValueError):
        return None
    return state if state and -_AHEAD <= now - state.written <= TTL else None


def _text(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (0, os.getuid()) or status.st_mode & 0o022:
            return ""
        data = os.read(descriptor, LONGEST + 2)
    finally:
        os.close(descriptor)
    return data.decode("ascii").removesuffix("\n")
