"""The file system that is installed into: this machine's, or an image's below a directory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
from dataclasses import dataclass

NEW = ".guardsh-new"  # what is being written beside its place, and is left only where we are killed


@dataclass(frozen=True, slots=True)
class Tree:
    """Paths are absolute as on the node; ``root`` goes in front of them. Errors are OSError."""

    root: str = "/"

    def real(self, path: str) -> str:
        return os.path.join(self.root, path.lstrip("/"))

    def missing(self, path: str) -> tuple[str, ...]:
        """The directories above ``path`` that do not exist, the lowest first."""
        absent = []
        parent = os.path.dirname(path)
        while not os.path.isdir(self.real(parent)):
            absent.append(parent)
            parent = os.path.dirname(parent)
        return tuple(absent)

    def exists(self, path: str) -> bool:
        """Whether there is anything, a dangling link too."""
        return os.path.lexists(self.real(path))

    def fingerprint(self, path: str) -> str:
        """What tells whether a file or link is still ours: a hash, or the link's target; nothing for what is neither,
        or not there."""
        real = self.real(path)
        if os.path.islink(real):
            return f"link to {os.readlink(real)}"
        return f"sha256 {hashlib.sha256(self.read(path)).hexdigest()}" if os.path.isfile(real) else ""

    def read(self, path: str) -> bytes:
        with open(self.real(path), "rb") as file:
            return file.read()

    def _make_directories(self, path: str) -> None:
        """Make the directories above ``path``."""
        for directory in reversed(self.missing(path)):
            os.mkdir(self.real(directory))
            os.chmod(self.real(directory), 0o755)  # noqa: S103 (whatever the umask: all accounts read below)

    def write(self, path: str, data: bytes, mode: int) -> None:
        """Put a new file in place of whatever file is there, at once and durably."""
        self._make_directories(path)
        temporary = self.real(path) + NEW
        with open(temporary, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, self.real(path))
        self._sync(path)

    def rewrite(self, path: str, data: bytes) -> None:
        """Change what somebody else's file says; owner, mode, times and attributes stay, and so does a link to it."""
        real = os.path.realpath(self.real(path)) if self.root == "/" else self.real(path)
        before = os.stat(real)
        with open(real + NEW, "wb") as file:
            os.fchown(file.fileno(), before.st_uid, before.st_gid)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        shutil.copystat(real, real + NEW)
        os.rename(real + NEW, real)

    def link(self, path: str, target: str) -> None:
        self._make_directories(path)
        temporary = self.real(path) + NEW
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        os.symlink(target, temporary)
        os.rename(temporary, self.real(path))
        self._sync(path)

    def rename(self, path: str, to: str) -> None:
        os.rename(self.real(path), self.real(to))
        self._sync(to)

    def same(self, path: str, other: str) -> bool:
        """Whether both are one file, links not followed."""
        one, two = os.lstat(self.real(path)), os.lstat(self.real(other))
        return (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino)

    def remove(self, path: str, directories: tuple[str, ...] = ()) -> None:
        """Remove a file, what was left of writing it, and the ``directories`` above it that are empty then."""
        for each in (path, path + NEW):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.real(each))
        for directory in directories:
            with contextlib.suppress(OSError):  # others have put something there
                os.rmdir(self.real(directory))

    def executable(self, path: str) -> bool:
        try:
            mode = os.stat(self.real(path)).st_mode
        except OSError:
            return False
        return stat.S_ISREG(mode) and bool(mode & 0o111)

    def _sync(self, path: str) -> None:
        descriptor = os.open(os.path.dirname(self.real(path)), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
