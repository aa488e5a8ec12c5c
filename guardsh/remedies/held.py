"""Directories held by descriptor: a name that somebody changes meanwhile leads nobody elsewhere (openat(2))."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from guardsh.model.place import Identity
from guardsh.system import proc

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ON_THE_WAY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


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
    def mount(self) -> tuple[int, int]:
        """The number of the mount that it was reached through (proc(5), fdinfo), and the device, of which each
        subvolume of btrfs has its own: rename(2) crosses neither."""
        device = self.identity.device
        for line in proc.read(f"/proc/self/fdinfo/{self.descriptor}").splitlines():
            if line.startswith("mnt_id:"):
                return int(line.split()[1]), device
        return -1, device

    def names(self) -> list[str]:
        """Opened anew: btrfs does not list what came after a descriptor was made (fs/btrfs/inode.c, last_index)."""
        again = os.open(".", _FLAGS, dir_fd=self.descriptor)
        try:
            return sorted(os.listdir(again))
        finally:
            os.close(again)

    def at(self, name: str) -> Identity | None:
        """What has this name, a link not followed; None where nothing has."""
        try:
            status = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return Identity(status.st_dev, status.st_ino)

    def inode(self, name: str) -> int | None:
        there = self.at(name)
        return None if there is None else there.inode

    def sync(self) -> None:
        os.fsync(self.descriptor)

    def make(self, name: str) -> None:
        """A directory for its owner alone, whatever the umask is."""
        try:
            os.mkdir(name, 0o700, dir_fd=self.descriptor)
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{self.path.rstrip('/')}/{name}") from None


@contextmanager
def held(path: str, above: Held | None = None) -> Iterator[Held]:
    """Open a directory. Below ``above``, ``path`` is one name; else it is a resolved one, and no link is followed on
    the way either: whoever may write to a directory on the way could lead us elsewhere since.

    Raises OSError.
    """
    descriptor = _walked(path) if above is None else os.open(path, _FLAGS, dir_fd=above.descriptor)
    try:
        yield Held(descriptor, path if above is None else f"{above.path.rstrip('/')}/{path}")
    finally:
        os.close(descriptor)


def _walked(path: str) -> int:
    here = os.open("/", _ON_THE_WAY)
    *above, last = [name for name in path.split("/") if name] or ["."]
    try:
        for name in above:
            below = os.open(name, _ON_THE_WAY, dir_fd=here)
            os.close(here)
            here = below
        return os.open(last, _FLAGS, dir_fd=here)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        os.close(here)
