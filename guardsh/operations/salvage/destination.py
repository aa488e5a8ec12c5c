"""DEST: a directory that nobody else can enter, written through directory descriptors, no link ever followed."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable
from types import TracebackType

from guardsh.system import mount_table

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_INTO = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Refused(Exception):  # noqa: N818 (it is an outcome)
    """DEST cannot be used: the sentence says why, ``hint`` what to do."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.hint = hint


class Destination:
    """An open DEST. Names are relative to it, with ``/`` between the components."""

    def __init__(self, path: str) -> None:
        """Make the directory, 0700 and the caller's, or open one that is empty or an earlier salvage's. Its parent
        must be there. Raises Refused."""
        self.path = os.path.abspath(path)
        parent, base = os.path.split(self.path.rstrip("/"))
        try:
            above = os.open(os.path.realpath(parent), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise Refused(f"could not open {parent}: {_reason(error)}") from error
        try:
            self._descriptor = _made(above, base, self.path)
        finally:
            os.close(above)
        self._last: tuple[str, int] = ("", -1)

    def __enter__(self) -> Destination:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._forget()
        os.close(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    @property
    def device(self) -> int:
        return os.fstat(self._descriptor).st_dev

    def names(self) -> list[str]:
        return os.listdir(self._descriptor)

    def free(self) -> int:
        """Bytes that this account can write."""
        there = os.fstatvfs(self._descriptor)
        return there.f_frsize * (there.f_bfree if os.geteuid() == 0 else there.f_bavail)

    def create(self, name: str) -> int:
        """A new file of this name, in the place of one that may be there; its descriptor, to read and write."""
        directory, base = self._below(name, make=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(base, dir_fd=directory)
        return os.open(base, _NEW, 0o600, dir_fd=directory)

    def append(self, name: str) -> int:
        """A file at the top to append to, made where it is not there."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(name, flags, 0o600, dir_fd=self._descriptor)

    def open(self, name: str) -> int:
        """To read it. Raises OSError."""
        directory, base = self._below(name, make=False)
        return os.open(base, _OLD, dir_fd=directory)

    def size(self, name: str) -> int | None:
        """Bytes of a regular file; None where there is none."""
        try:
            directory, base = self._below(name, make=False)
            found = os.stat(base, dir_fd=directory, follow_symlinks=False)
        except OSError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def put(self, name: str, text: str) -> None:
        """Write a whole file at the top, at once: what reads it sees the old one or the new one."""
        descriptor = self.create(f".{name}.new")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.rename(f".{name}.new", name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        os.fsync(self._descriptor)

    def _below(self, name: str, *, make: bool) -> tuple[int, str]:
        """The directory of a name, by descriptor; the last one is kept, since files come sorted."""
        path, _, base = name.rpartition("/")
        if self._last[0] != path or self._last[1] < 0:
            self._forget()
            self._last = (path, _descend(self._descriptor, path.split("/") if path else [], make=make))
        return self._last[1], base

    def _forget(self) -> None:
        if self._last[1] >= 0:
            os.close(self._last[1])
        self._last = ("", -1)


def shares_file_system(destination: Destination, paths: Iterable[str]) -> str:
    """The first of the paths that lies on DEST's file system, by whatever mount or subvolume; "" where none does."""
    own = mount_table.file_system(f"/proc/self/fd/{destination.fileno()}")
    return next((path for path in paths if mount_table.file_system(path) == own), "")


def _made(above: int, base: str, path: str) -> int:
    try:
        os.mkdir(base, 0o700, dir_fd=above)
    except FileExistsError:
        pass
    except OSError as error:
        raise Refused(f"could not create {path}: {_reason(error)}") from error
    try:
        descriptor = os.open(base, _INTO, dir_fd=above)
    except OSError as error:
        link = "it is a symbolic link, or no directory" if error.errno in (errno.ELOOP, errno.ENOTDIR) else ""
        raise Refused(f"could not open {path}: {link or _reason(error)}") from error
    try:
        _close_to_others(descriptor, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _close_to_others(descriptor: int, path: str) -> None:
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid():
        raise Refused(f"{path} belongs to another account, which could change what is saved", "name a new directory")
    if stat.S_IMODE(status.st_mode) != 0o700:
        if os.listdir(descriptor):
            raise Refused(f"{path} is not empty", "name a new directory")
        os.fchmod(descriptor, 0o700)


def _descend(top: int, components: list[str], *, make: bool) -> int:
    here = os.dup(top)
    for component in components:
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(component, 0o700, dir_fd=here)
        try:
            below = os.open(component, _INTO, dir_fd=here)
        finally:
            os.close(here)
        here = below
    return here


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
