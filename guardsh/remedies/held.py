"""Directories held by descriptor: a name that somebody changes meanwhile leads nobody elsewhere (openat(2))."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from guardsh.model.place import Identity
from guardsh.system import proc

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Held:
    """An open directory; ``path`` is for people. Errors are OSError."""

    descriptor: int
    path: str

    @property
    def status(self) -> os.stat_result:
        return os.fstat(self.descriptor)

    @property
    def identity(self) -> Identity:
        status = self.status
        return Identity(status.st_dev, status.st_ino)

    @property
    def mount(self) -> int:
        """The number of the mount that it was reached through (proc(5), fdinfo): rename(2) refuses to cross mounts,
        even of one file system."""
        for line in proc.read(f"/proc/self/fdinfo/{self.descriptor}").splitlines():
            if line.startswith("mnt_id:"):
                return int(line.split()[1])
        return -1

    def names(self) -> list[str]:
        return sorted(os.listdir(self.descriptor))

    def at(self, name: str) -> Identity | None:
        """What has this name, a link not followed; None where nothing has."""
        try:
            status = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return Identity(status.st_dev, status.st_ino)

    def sync(self) -> None:
        os.fsync(self.descriptor)

    def make(self, name: str) -> None:
        """A directory for its owner alone, whatever the umask is."""
        os.mkdir(name, 0o700, dir_fd=self.descriptor)


@contextmanager
def held(path: str, above: Held | None = None) -> Iterator[Held]:
    """Open a directory; a link as its last component is not followed. Below ``above``, ``path`` is one name.

    Raises OSError.
    """
    descriptor = os.open(path, _FLAGS, dir_fd=None if above is None else above.descriptor)
    try:
        yield Held(descriptor, path if above is None else f"{above.path.rstrip('/')}/{path}")
    finally:
        os.close(descriptor)
