"""Becoming the real program, with everything that was its own.

Light by contract: nothing but os, signal's C part and sys may be imported here (tests/test_imports.py), and ctypes
where the environment is one that no shell makes.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the enums of the signal module cost 4 ms
import errno
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

NOT_EXECUTABLE = 126
NOT_FOUND = 127
ASIDE = b".guardsh-diverted"
# They look for argv[0] on PATH to find what lies beside them, and would find us: find_my_exec of src/common/exec.c.
_withheld: list[bytes] = []
_FIND_THEMSELVES = (b"pg_", b"initdb", b"postgres", b"postmaster")


def original_arguments() -> list[bytes]:
    """The words after the program's own name, as the kernel has them: decoding is not reversible in every locale."""
    count = len(sys.argv) - 1
    if count == 0:
        return []
    try:
        with open("/proc/self/cmdline", "rb") as file:
            return file.read().split(b"\0")[-1 - count : -1]
    except OSError:
        return [os.fsencode(word) for word in sys.argv[1:]]


def become(words: list[bytes], also: bytes = b"", path: bytes | None = None) -> int:
    """Replace this process by the program that ``words`` names; ``words[0]`` is its argv[0].

    A name without a slash is looked up on PATH, past guardsh itself, unless the ``path`` is given. ``also`` is one more
    variable, ``NAME=VALUE``, for its environment. Returns 126 (found, not executable) or 127 (not found), after one
    line on standard error, only if that fails.
    """
    path = path or find(words[0])
    if path is None:
        return _failed(words[0], "command not found", NOT_FOUND)
    if words[0].startswith(_FIND_THEMSELVES):
        words = [path, *words[1:]]
    _restore_signals()
    environment = original_environment()
    environment += [also] if also and also not in environment else []
    try:
        _execve(path, words, environment)
    except OSError as error:
        if error.errno == errno.ENOEXEC:  # a script without #!, as execvp(3) does
            _execve(b"/bin/sh", [b"sh", path, *words[1:]], environment)
        return _failed(
            words[0], (error.strerror or "").lower(), NOT_FOUND if error.errno == errno.ENOENT else NOT_EXECUTABLE
        )


def find(name: bytes) -> bytes | None:
    """The program that this name would start if guardsh were not installed.

    A script that runs guardsh may be a shim of that name: then it is what was moved aside for it, and the shim itself
    only where there is nothing else.
    """
    if b"/" in name and not _is_front_door(name):
        return _aside(name) or name
    base = name.rpartition(b"/")[2]
    shim = not_executable = None
    for directory in _path():
        candidate = os.path.join(directory or b".", base)
        if not os.path.isfile(candidate) or _is_front_door(candidate):
            continue
        if not os.access(candidate, os.X_OK):
            not_executable = not_executable or candidate
        elif b"guardsh run" in _script(candidate):
            if aside := _aside(candidate):
                return aside
            shim = shim or candidate
        else:
            return candidate
    return shim or not_executable


def _aside(path: bytes) -> bytes | None:
    """The program that `guardsh install --divert` has moved aside for a shim at this path."""
    if os.path.isfile(path + ASIDE) and b"guardsh run" in _script(path):
        return path + ASIDE
    return None


def _is_front_door(path: bytes) -> bool:
    """Whether this is the front door of any installation, under a name that it would guard."""
    return b"guardsh.__main__" in _script(path) and os.path.basename(path) != b"guardsh"


def _script(path: bytes) -> bytes:
    """How a script begins; nothing of another program, or of what cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(4096) if file.read(2) == b"#!" else b""
    except OSError:
        return b""


def original_environment() -> list[bytes]:
    """The environment that we were started with, and what is withheld.

    Python adds LC_CTYPE in the C locale (PEP 538).
    """
    try:
        with open("/proc/self/environ", "rb") as file:
            return file.read().split(b"\0")[:-1] + _withheld
    except OSError:
        return [b"%s=%s" % entry for entry in os.environb.items()] + _withheld


def withhold(environment: list[bytes]) -> None:
    """From ourselves, not from the program that we become."""
    _withheld[:] = environment


def _execve(path: bytes, words: list[bytes], environment: list[bytes]) -> NoReturn:
    """execve(2). Python's own takes no environment in which a name is there twice, is empty, or has no value."""
    pairs = dict(entry.split(b"=", 1) for entry in environment if entry.find(b"=") > 0)
    if len(pairs) == len(environment):
        os.execve(path, words, pairs)
    import ctypes

    words_, environment_ = ((ctypes.c_char_p * (len(strings) + 1))(*strings, None) for strings in (words, environment))
    ctypes.CDLL(None, use_errno=True).execve(path, words_, environment_)
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _path() -> list[bytes]:
    path = os.environb.get(b"PATH")
    return (path if path is not None else os.fsencode(os.defpath)).split(b":")


def _restore_signals() -> None:
    """Undo what Python did at its start (Modules/main, Python/pylifecycle.c: SIGPIPE and SIGXFSZ ignored)."""
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(number, _signal.SIG_DFL)


def _failed(name: bytes, why: str, status: int) -> int:
    sys.stderr.write(f"guardsh: {os.fsdecode(name)!r}: {why}\n")
    return status
