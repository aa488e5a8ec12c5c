"""The terminals of this node that want its colour: shells register themselves by a file named after their process.

Everything in it is written by others: a registration counts only if it is its process's own, and of the same process
that wrote it. What can be wrong with one is its writer's loss alone.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from itertools import islice

from guardsh.system import proc

THEMES = ("dark", "light", "none", "off")
_MOST = 4096  # registrations that are looked at
_CLOCKS = 2.0  # seconds between two ways to tell the time of a process's start
_PSEUDO_TERMINALS = range(136, 144)  # UNIX98_PTY_SLAVE_MAJOR, include/uapi/linux/major.h


@dataclass(frozen=True, slots=True)
class Shell:
    """A registered shell: its process, the number of its pseudo-terminal, and the theme that it found there; ``off``
    where there shall be no colours."""

    process: proc.Process
    owner: int  # uid
    theme: str

    @property
    def device(self) -> int:
        """As st_rdev. The kernel's number in /proc/PID/stat is packed otherwise (new_encode_dev in kdev_t.h)."""
        number = self.process.terminal
        return os.makedev((number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00))

    @property
    def path(self) -> str:
        major, minor = os.major(self.device), os.minor(self.device)
        return f"/dev/pts/{(major - _PSEUDO_TERMINALS.start) * 256 + minor}"


class Registry:
    """The directory of registrations. Raises OSError where it cannot be made, or is not ours."""

    def __init__(self, directory: str, root: str = "/proc") -> None:
        self._root = root
        # root's is for every account, each its own files; one's own is for oneself
        mode = 0o1777 if os.geteuid() == 0 else 0o700
        with contextlib.suppress(FileExistsError):
            os.mkdir(directory, 0o700)
        self._directory = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        if os.fstat(self._directory).st_uid != os.geteuid():
            raise PermissionError(1, "not owned by this account", directory)
        os.fchmod(self._directory, mode)
        self._ticks: dict[tuple[int, int, int], int] = {}  # start of the process, by pid and identity of its file

    def shells(self) -> tuple[Shell, ...]:
        """Every registration that counts. Those of processes that are gone, and forged ones, are removed."""
        found: dict[tuple[int, int, int], Shell] = {}
        for name in self._names():
            key, shell = self._checked(name)
            if shell is None or key is None:
                with contextlib.suppress(OSError):
                    os.unlink(name, dir_fd=self._directory)
            else:
                found[key] = shell
        self._ticks = {key: shell.process.ticks for key, shell in found.items()}
        return tuple(found.values())

    def close(self) -> None:
        os.close(self._directory)

    def _names(self) -> list[str]:
        """What cannot be one is not counted: it is not removed, and would keep others out."""
        with os.scandir(self._directory) as entries:
            names = (entry.name for entry in entries if not entry.is_dir(follow_symlinks=False))
            return list(
                islice((name for name in names if name.isascii() and name.isdigit() and len(name) <= 10), _MOST)
            )

    def _checked(self, name: str) -> tuple[tuple[int, int, int] | None, Shell | None]:
        try:
            status, theme = self._read(name)
        except OSError:
            return None, None
        key = (int(name), status.st_ino, status.st_mtime_ns)
        here = f"{self._root}/{name}"
        process, owner = proc.parse_stat(proc.read(f"{here}/stat")), proc.owner(here)
        if process is None or owner != status.st_uid or not self._wrote_it(process, key):
            return None, None
        return key, Shell(process, owner, theme if theme in THEMES else "none")

    def _read(self, name: str) -> tuple[os.stat_result, str]:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(name, flags, dir_fd=self._directory)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size > 16:
                raise OSError(0, "no registration")
            return status, os.read(descriptor, 16).decode("ascii", "replace").strip()
        finally:
            os.close(descriptor)

    def _wrote_it(self, process: proc.Process, key: tuple[int, int, int]) -> bool:
        """Whether it was there when the file was written: process ids are used again.

        Once seen, the process's own start tells; it does not change with the clock.
        """
        if key in self._ticks:
            return process.ticks == self._ticks[key]
        started = proc.booted(self._root) + process.ticks / os.sysconf("SC_CLK_TCK")
        return started <= key[2] / 1e9 + _CLOCKS


def has_colours(shell: Shell) -> bool:
    """Whether it wants them, and has a pseudo-terminal: a Linux console has no colours to change."""
    on_one = shell.process.terminal > 0 and os.major(shell.device) in _PSEUDO_TERMINALS
    return shell.theme != "off" and on_one
