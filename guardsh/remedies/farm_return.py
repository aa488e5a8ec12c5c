"""The way back from a farm: what names are gone, and putting them into their places again."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Set

from guardsh.remedies.farm import NEXT, Branch, Farm
from guardsh.remedies.farm_ground import DIRECTORY, LOOKS, entries, listed, walked


def recall(farm: Farm) -> int:
    """Instead of ``build``: know what was written down, without a look at what is there now; how many names.

    Of two names of one segment the later one counts: they are recycled into the future (RemoveXlogFile, xlog.c).
    Raises FileNotFoundError where nothing was written down, and ValueError.
    """
    with os.fdopen(os.open(LOOKS, os.O_RDONLY, dir_fd=farm.home), encoding="utf-8") as file:
        looks = json.load(file)
    for path, (mode, owner, group, links) in sorted(looks.items()):
        with contextlib.suppress(FileNotFoundError):
            second = walked(farm.names, path)
            names = sorted(
                (entry.name, entry.inode()) for entry in entries(second) if entry.is_file() and entry.name != NEXT
            )
            by_inode = {inode: name for name, inode in names}
            real = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)  # until it is stood up
            files = {name: inode for inode, name in by_inode.items()}
            farm.branches[path] = Branch(path, real, second, mode, owner, group, files, links)
    return sum(len(branch.files) for branch in farm.branches.values())


def missing(farm: Farm) -> int:
    """How many names that the farm has are gone from the directory, after ``recall``."""
    return sum(len(gone) for _, gone in _missing(farm))


def lost(farm: Farm) -> int:
    """How many of them are names of files that have no other name by now: what was moved away is not lost."""
    return sum(_is_the_last(branch, name) for branch, gone in _missing(farm) for name in gone)


def _missing(farm: Farm) -> Iterator[tuple[Branch, Set[str]]]:
    for branch in farm.branches.values():
        try:
            real = walked(farm.view, os.path.join(farm.name, branch.path))
        except (FileNotFoundError, NotADirectoryError):
            yield branch, branch.files.keys()
            continue
        try:
            yield branch, branch.files.keys() - set(listed(real))
        finally:
            os.close(real)


def _is_the_last(branch: Branch, name: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.stat(name, dir_fd=branch.second, follow_symlinks=False).st_nlink == 1
    return False


def restore(farm: Farm) -> tuple[int, list[Branch]]:
    """Put back every name that is gone, and every directory; how many names, and which directories are new ones."""
    fresh = [branch for path in sorted(farm.branches) if (branch := _stood_up(farm, path)) is not None]
    return sum(map(_restored, farm.branches.values())), fresh


def _stood_up(farm: Farm, path: str) -> Branch | None:
    """The branch, where its directory had to be made again."""
    branch = farm.branches[path]
    above = farm.view if not path else farm.branches[os.path.dirname(path)].real
    name = os.path.basename(path) if path else farm.name
    with contextlib.suppress(FileNotFoundError):
        there = os.stat(name, dir_fd=above, follow_symlinks=False)
        if there.st_ino == os.fstat(branch.real).st_ino:
            return None
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=above)
    os.close(branch.real)
    branch.real = os.open(name, DIRECTORY, dir_fd=above)
    os.fchown(branch.real, branch.owner, branch.group)
    os.fchmod(branch.real, branch.mode)
    return branch


def _restored(branch: Branch) -> int:
    found = entries(branch.real)
    there, inodes = {entry.name for entry in found}, {entry.inode() for entry in found}
    # A file that is there under another name was renamed by the server.
    gone = [name for name, inode in branch.files.items() if name not in there and inode not in inodes]
    back = 0
    for name in gone:
        try:
            os.link(name, name, src_dir_fd=branch.second, dst_dir_fd=branch.real, follow_symlinks=False)
            back += 1
        except FileExistsError:
            continue
        except FileNotFoundError:
            branch.files.pop(name)  # it has no second name: nobody shall count on that
    for name, target in branch.links.items():
        if name not in there:
            with contextlib.suppress(FileExistsError):
                os.symlink(target, name, dir_fd=branch.real)
                os.chown(name, branch.owner, branch.group, dir_fd=branch.real, follow_symlinks=False)
    return back
