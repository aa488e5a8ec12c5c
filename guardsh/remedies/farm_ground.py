"""Where farms lie: a hidden directory of root's beside each insured one, seen beneath all mounts."""

from __future__ import annotations

import contextlib
import os
import stat

from guardsh.system import kernel

NAME = ".guardsh-insured"  # beside the insured directory; root's, 0700
LOOKS = "looks.json"  # in the farm's own directory: of directories, what a link does not keep
# What a server keeps its data in. Elsewhere at the top lie configuration and logs, which people edit and rotate.
DATA = (
    *("base", "global", "pg_commit_ts", "pg_multixact", "pg_subtrans", "pg_tblspc", "pg_twophase", "pg_wal", "pg_xact"),
    *("pg_logical", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots"),
)
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class NoFarmError(Exception):
    """Why a directory cannot have a farm; one sentence."""


def view(above: str, name: str) -> int:
    """A descriptor of the directory above, beneath whatever is mounted in it. Raises NoFarmError."""
    try:
        seen = kernel.open_tree(above)
    except OSError as error:
        raise NoFarmError(f"{above} cannot be seen beneath its mounts: {(error.strerror or '').lower()}") from None
    with contextlib.suppress(FileNotFoundError):
        beneath = os.stat(name, dir_fd=seen, follow_symlinks=False)
        shown = os.stat(f"{above}/{name}", follow_symlinks=False)
        if (beneath.st_dev, beneath.st_ino) != (shown.st_dev, shown.st_ino) or shown.st_dev != os.fstat(seen).st_dev:
            os.close(seen)
            raise NoFarmError(f"{above}/{name} is a file system of its own: there is no place beside it")
    return seen


def walked(above: int, path: str) -> int:
    """The directory below, links not followed."""
    here = os.open(".", DIRECTORY, dir_fd=above)
    for name in path.split("/") if path else ():
        try:
            below = os.open(name, DIRECTORY, dir_fd=here)
        finally:
            os.close(here)
        here = below
    return here


def has_farm(root: str) -> bool:
    """Whether one lies beside the directory, even if nobody keeps it now."""
    above, name = os.path.split(root)
    try:
        seen = kernel.open_tree(above)
    except OSError:
        return False
    try:
        os.stat(f"{NAME}/{name}/{LOOKS}", dir_fd=seen, follow_symlinks=False)
    except OSError:
        return False
    finally:
        os.close(seen)
    return True


def made_at(above: int, name: str) -> int:
    """A directory of root's alone, there already or new."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=above)
    made = os.open(name, DIRECTORY, dir_fd=above)
    status = os.fstat(made)
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        os.close(made)
        raise NoFarmError(f"{name} belongs to somebody else, or others may look into it")
    return made


def listed(directory: int) -> list[str]:
    """The names in an open directory."""
    return [entry.name for entry in entries(directory)]


def entries(directory: int) -> list[os.DirEntry[str]]:
    """Through a descriptor of its own: that of btrfs does not list what has come since it was opened."""
    own = os.open(".", DIRECTORY, dir_fd=directory)
    try:
        with os.scandir(own) as found:
            return list(found)
    finally:
        os.close(own)
