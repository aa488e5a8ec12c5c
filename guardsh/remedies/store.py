"""Where moved things lie: a hidden directory on their own file system, for the account that moved them alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from guardsh.model.saved import STORE
from guardsh.remedies.held import Held, held
from guardsh.remedies.record import NotDoneError

_OF_NODE = "/var/lib/guardsh/stores"
_OF_ACCOUNT = "~/.local/state/guardsh/stores"
_MOST_READ = 1 << 20  # bytes of the registry


def name() -> str:
    """Of the store of this account: root's, and every other account's, are apart."""
    return STORE if os.geteuid() == 0 else f"{STORE}-{os.geteuid()}"


def is_store(path: str) -> bool:
    """Whether this is a store, of any account, by its name."""
    return os.path.basename(path).startswith(STORE)


def holds(path: str) -> bool:
    """Whether a path is that of a store, or leads into one."""
    return any(map(is_store, path.split("/")))


@contextmanager
def opened(beside: Held) -> Iterator[Held]:
    """The store in this directory. Raises OSError, and NotDoneError where it is not ours alone."""
    with held(name(), beside) as store:
        _check(store)
        yield store


@contextmanager
def locked(beside: Held, *, make: bool = False) -> Iterator[Held]:
    """The store in this directory, to ourselves: another guardsh is waited for. Raises as ``opened``."""
    with contextlib.ExitStack() as stack:
        while (store := _locked(beside, stack, make=make)) is None:
            continue
        with _tidied_on_failure(beside):
            yield store


def _locked(beside: Held, stack: contextlib.ExitStack, *, make: bool) -> Held | None:
    """None where another guardsh, done with it, has taken it away meanwhile."""
    if make:
        with contextlib.suppress(FileExistsError):
            beside.make(name())
            beside.sync()
    try:
        store = stack.enter_context(opened(beside))
    except FileNotFoundError:
        if make:
            return None
        raise
    fcntl.flock(store.descriptor, fcntl.LOCK_EX)
    if beside.at(name()) == store.identity:
        return store
    release(store)  # it may come back under its name, and would be locked by ourselves
    return None


@contextmanager
def _tidied_on_failure(beside: Held) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):  # something else is in it
            os.rmdir(name(), dir_fd=beside.descriptor)
        raise


def release(store: Held) -> None:
    """Let others work in the store again, before it is closed."""
    fcntl.flock(store.descriptor, fcntl.LOCK_UN)


def is_busy(directory: Held) -> bool:
    """Whether another guardsh works in a store, or an entry; if not, it is ours until it is closed."""
    try:
        fcntl.flock(directory.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def tidy(beside: Held) -> None:
    """Take the store away where nothing is left in it: a restore wants its directory empty."""
    with contextlib.suppress(OSError, NotDoneError), opened(beside) as store:
        if not is_busy(store):
            os.rmdir(name(), dir_fd=beside.descriptor)


def _check(store: Held) -> None:
    """Nobody else can have put anything there, or can look at it."""
    status = store.status
    if status.st_uid != os.geteuid():
        raise NotDoneError(f"{store.path} belongs to another account (uid {status.st_uid}); nothing is moved there")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise NotDoneError(f"{store.path} is open to other accounts; make it 0700 again")


def remember(store: str) -> None:
    """Add a store to this account's list, for good. Raises OSError."""
    path = _registry()
    if store in _listed(path):
        return
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(path, flags, 0o600)
    try:
        os.write(file, os.fsencode(store) + b"\0")
        os.fsync(file)
    finally:
        os.close(file)


def known(near: Iterable[str]) -> list[str]:
    """Directories in which there is a store of this account: those that were written down, and those that lie in, or
    beside, one of ``near``."""
    listed = [os.path.dirname(store) for store in _listed(_registry())]
    resolved = list(map(_resolved, near))
    around = [each for path in resolved for each in (os.path.dirname(path), path)]
    return [each for each in dict.fromkeys((*listed, *around)) if os.path.isdir(os.path.join(each, name()))]


def _resolved(path: str) -> str:
    try:
        return os.path.realpath(path)
    except OSError:  # it was a link a moment ago
        return path


def _registry() -> str:
    return _OF_NODE if os.geteuid() == 0 else os.path.expanduser(_OF_ACCOUNT)


def _listed(path: str) -> list[str]:
    try:
        with open(path, "rb") as file:
            paths = file.read(_MOST_READ).split(b"\0")
    except OSError:
        return []
    return [os.fsdecode(path) for path in paths if path.startswith(b"/")]
