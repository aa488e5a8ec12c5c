"""What a farm of second names stands on: its directories, seen beneath every mount on them."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass, field

from guardsh.system import kernel

NAME = ".guardsh-insured"  # beside the insured directory; root's, 0700
LOOKS = "looks.json"  # in the farm's own directory: of directories, what a link does not keep
NAMES = "names"
TEMPORARY = "pgsql_tmp"  # PG_TEMP_FILE_PREFIX (storage/fd.h): nothing that a server would miss
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class NoFarmError(Exception):
    """Why a directory cannot have a farm; one sentence."""


@dataclass(slots=True)
class Branch:
    """One directory below the root: its open descriptors on both sides, and the files that have a second name."""

    path: str  # relative to the root; "" is the root itself
    real: int
    second: int
    mode: int
    owner: int
    group: int
    files: dict[str, int] = field(default_factory=dict)  # name to inode
    links: dict[str, str] = field(default_factory=dict)  # symbolic links, and where they lead


def restored(branch: Branch) -> int:
    seen = entries(branch.real)
    there, inodes = {entry.name for entry in seen}, {entry.inode() for entry in seen}
    # A file that is there under another name was renamed by the server.
    gone = [name for name, inode in branch.files.items() if name not in there and inode not in inodes]
    for name in gone:
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            os.link(name, name, src_dir_fd=branch.second, dst_dir_fd=branch.real, follow_symlinks=False)
    for name, target in branch.links.items():
        if name not in there:
            with contextlib.suppress(FileExistsError):
                os.symlink(target, name, dir_fd=branch.real)
                os.chown(name, branch.owner, branch.group, dir_fd=branch.real, follow_symlinks=False)
    return len(gone)


def listed(directory: int) -> list[str]:
    return [entry.name for entry in entries(directory)]


def entries(directory: int) -> list[os.DirEntry[str]]:
    """Through a descriptor of its own: that of btrfs does not list what has come since it was opened."""
    own = os.open(".", DIRECTORY, dir_fd=directory)
    try:
        with os.scandir(own) as entries:
            return list(entries)
    finally:
        os.close(own)


def is_below(path: str, top: str) -> bool:
    return path == top or not top or path.startswith(f"{top}/")


def view(above: str, name: str) -> int:
    try:
        view = kernel.open_tree(above)
    except OSError as error:
        raise NoFarmError(f"{above} cannot be seen beneath its mounts: {(error.strerror or '').lower()}") from None
    try:
        if os.stat(name, dir_fd=view, follow_symlinks=False).st_dev != os.fstat(view).st_dev:
            raise NoFarmError(f"{above}/{name} is a file system of its own: there is no place beside it")
    except OSError as error:
        os.close(view)
        raise NoFarmError(f"{above}/{name}: {(error.strerror or '').lower()}") from None
    except NoFarmError:
        os.close(view)
        raise
    return view


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
