"""Reading configuration files: the system's only where nobody else can have written them. A problem is a sentence."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator


def system_files(directory: str, owner: int, problems: list[str]) -> Iterator[str]:
    """config.toml and conf.d/*.toml in the order of their names; they need not exist."""
    if not _trusted_directory(directory, owner, problems):
        return
    yield os.path.join(directory, "config.toml")
    snippets = os.path.join(directory, "conf.d")
    if not _trusted_directory(snippets, owner, problems):
        return
    try:
        names = sorted(os.listdir(snippets))
    except OSError as error:
        problems.append(_unreadable(snippets, error))
        return
    yield from (os.path.join(snippets, name) for name in names if name.endswith(".toml") and name[0] != ".")


def system_text(file: str, owner: int, problems: list[str]) -> str:
    """The text of a file of ``owner`` (or root) that nobody else can write; "" where there is none."""
    # O_NOFOLLOW: a link could lead to a place that others can write to.
    found = _read(file, os.O_NOFOLLOW, problems)
    if found is None or not _trusted(file, found[0], owner, problems):
        return ""
    return _decoded(file, found[1], problems)


def own_text(file: str, problems: list[str]) -> str:
    """The text of the operator's file, whoever wrote it and linked it here: it can only make things stricter."""
    found = _read(file, 0, problems)
    return "" if found is None else _decoded(file, found[1], problems)


def _trusted_directory(directory: str, owner: int, problems: list[str]) -> bool:
    try:
        status = os.lstat(directory)
    except FileNotFoundError:
        return False
    except OSError as error:
        problems.append(_unreadable(directory, error))
        return False
    if not stat.S_ISDIR(status.st_mode):
        problems.append(f"{directory}: not a directory; links are not followed here")
        return False
    return _trusted(directory, status, owner, problems)


def _trusted(name: str, status: os.stat_result, owner: int, problems: list[str]) -> bool:
    before = len(problems)
    if status.st_uid not in (0, owner):
        problems.append(f"{name}: belongs to uid {status.st_uid}, not to uid {owner}; read it, then chown it")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        problems.append(f"{name}: writable by others than its owner; read it, then chmod go-w")
    return len(problems) == before


def _read(file: str, flags: int, problems: list[str]) -> tuple[os.stat_result, bytes] | None:
    try:
        # O_NONBLOCK: a fifo must not hang us.
        opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | flags)
        with os.fdopen(opened, "rb", closefd=True) as stream:
            status = os.fstat(opened)
            if stat.S_ISREG(status.st_mode):
                return status, stream.read()
        problems.append(f"{file}: not a regular file; remove it")
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        problems.append(_unreadable(file, error))
    return None


def _decoded(file: str, content: bytes, problems: list[str]) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.append(f"{file}: line {line} is not UTF-8, as TOML must be")
        return ""


def _unreadable(name: str, error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return f"{name}: a symbolic link; links are not followed here"
    return f"could not read {name}: {(error.strerror or str(error)).lower()}"
