"""A farm of second names: one hard link for every file below a directory, so that removing the first frees nothing.

Both lie in one view: a private copy of the mount of the directory above (open_tree(2)), since link(2) refuses to cross
mounts, also those of one file system, and an insured directory is mounted on itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from guardsh.remedies.farm_ground import DATA, DIRECTORY, LOOKS, NAME, entries, listed, made_at, view

NAMES = "names"  # below the home of a farm
NEXT = ".guardsh-next"  # a second name that is about to be one
_FROZEN = "frozen"  # says why the names are kept as they are
_TEMPORARY = "pgsql_tmp"  # PG_TEMP_FILE_PREFIX (storage/fd.h): nothing that a server would miss


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
    replaced: set[str] = field(default_factory=set)  # names that were seen to be another file's now


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at one directory has found: paths of ``new`` and ``removed`` directories, names of ``vanished``
    files."""

    branch: Branch
    new: tuple[str, ...]
    vanished: tuple[str, ...]
    removed: tuple[str, ...]


class Farm:
    """The farm of one directory. Raises NoFarmError, and OSError (ENOSPC, EROFS, EMLINK) where no name can be made."""

    def __init__(self, root: str) -> None:
        self.root = root
        above, self.name = os.path.split(root)
        self.view = view(above, self.name)
        self.place = f"{above.rstrip('/')}/{NAME}/{self.name}"
        above_all = made_at(self.view, NAME)
        self.home = made_at(above_all, self.name)
        os.close(above_all)
        self.names = made_at(self.home, NAMES)
        self.branches: dict[str, Branch] = {}

    def close(self) -> None:
        for branch in self.branches.values():
            os.close(branch.real)
            os.close(branch.second)
        for descriptor in (self.names, self.home, self.view):
            os.close(descriptor)

    def real_root(self) -> int:
        """A descriptor of the insured directory itself, beneath its mount on itself. The caller closes it."""
        return os.open(self.name, DIRECTORY, dir_fd=self.view)

    def outlying(self) -> dict[str, str]:
        """The directories elsewhere, of which links lead: each with the part of the data directory that it is."""
        found = {}
        for path in ("", "pg_tblspc"):
            branch = self.branches.get(path)
            for name, target in branch.links.items() if branch is not None else ():
                if path or name in DATA:
                    found[os.path.realpath(os.path.join(self.root, path, target))] = path or name
        return found

    # Following

    def build(self) -> Iterator[Branch]:
        """Give every file a second name, and take away those whose first one is gone; each directory as it is added."""
        yield from self.add("", self.real_root())
        self._prune(self.names, "")
        self.note_looks()

    def add(self, path: str, real: int) -> Iterator[Branch]:
        """A directory and all below it. ``real`` is its descriptor, which is the farm's from now on."""
        status = os.fstat(real)
        second = self._second(path)
        branch = Branch(path, real, second, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
        self.branches[path] = branch
        yield branch
        for below in self.refresh(branch).new:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                yield from self.add(below, os.open(os.path.basename(below), DIRECTORY, dir_fd=real))

    def refresh(self, branch: Branch) -> Seen:
        """Look at one directory, and give what is new in it a second name. What has vanished is only told: whether it
        was taken on purpose is not for us to say."""
        there: dict[str, int] = {}
        links: set[str] = set()
        directories: set[str] = set()
        for entry in entries(branch.real):
            if entry.name.startswith(_TEMPORARY):
                continue
            if entry.is_file(follow_symlinks=False):
                there[entry.name] = entry.inode()
            elif entry.is_dir(follow_symlinks=False):
                directories.add(os.path.join(branch.path, entry.name))
            elif entry.is_symlink():
                links.add(entry.name)
                self.note_link(branch, entry.name)
        changed = {name for name, inode in there.items() if branch.files.get(name) != inode}
        # Of a name that is another file's now we may still be told who did that: only at the second sight.
        for name in changed & branch.replaced | changed - branch.files.keys():
            self.link(branch, name)
        branch.replaced = {name for name in changed if branch.files.get(name) != there[name]}
        below = {path for path in self.branches if path and os.path.dirname(path) == branch.path}
        return Seen(
            branch=branch,
            new=tuple(sorted(directories - below)),
            vanished=tuple((branch.files.keys() - there.keys()) | (branch.links.keys() - links)),
            removed=tuple(sorted(below - directories)),
        )

    def link(self, branch: Branch, name: str) -> None:
        """Give one file its second name; what had it before is let go. Nothing where it is gone already, or no file."""
        try:
            status = os.stat(name, dir_fd=branch.real, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                self.note_link(branch, name)
            if not stat.S_ISREG(status.st_mode) or name.startswith(_TEMPORARY):
                return
            if not self._has(branch, name, status.st_ino):
                self._link_over(branch, name)
            branch.files[name] = status.st_ino
        except FileNotFoundError:
            return

    def _link_over(self, branch: Branch, name: str) -> None:
        """In one step, so that a file which is gone by now leaves the second name to what had it."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(NEXT, dir_fd=branch.second)  # of one who was killed here
        os.link(name, NEXT, src_dir_fd=branch.real, dst_dir_fd=branch.second, follow_symlinks=False)
        os.rename(NEXT, name, src_dir_fd=branch.second, dst_dir_fd=branch.second)

    def note_link(self, branch: Branch, name: str) -> None:
        """Remember where a symbolic link leads."""
        with contextlib.suppress(OSError):
            branch.links[name] = os.readlink(name, dir_fd=branch.real)

    def renamed(self, old: Branch, old_name: str, branch: Branch, name: str) -> None:
        """Let the second name follow the first, where that can no longer be seen itself."""
        with contextlib.suppress(OSError, KeyError):
            os.rename(old_name, name, src_dir_fd=old.second, dst_dir_fd=branch.second)
            branch.files[name] = old.files.pop(old_name)

    def put_aside(self, branch: Branch, name: str) -> str:
        """Move a file away that took the name of one of ours; the directory in which it lies now. Raises OSError."""
        place = f"{self.name}.replaced"
        aside = made_at(self.view, place)
        try:
            one = f"{os.path.join(branch.path, name).replace('/', '_')}.{time.time_ns()}"
            os.rename(name, one, src_dir_fd=branch.real, dst_dir_fd=aside)
        finally:
            os.close(aside)
        return os.path.join(os.path.dirname(self.root), place)

    def forget(self, branch: Branch, name: str) -> None:
        """Let a file or a link go whose first name was taken on purpose."""
        branch.files.pop(name, None)
        branch.links.pop(name, None)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=branch.second)

    def drop(self, path: str) -> None:
        """Let a directory go that was removed on purpose, with all below it."""
        for each in sorted((each for each in self.branches if _is_below(each, path)), reverse=True):
            branch = self.branches.pop(each)
            for name in listed(branch.second):
                with contextlib.suppress(IsADirectoryError, PermissionError):
                    os.unlink(name, dir_fd=branch.second)
            os.close(branch.real)
            os.close(branch.second)
            with contextlib.suppress(OSError):
                os.rmdir(each or ".", dir_fd=self.names)

    def note_looks(self) -> None:
        """Write down what the directories look like: they cannot have second names. Raises OSError."""
        looks = {
            branch.path: [branch.mode, branch.owner, branch.group, branch.links] for branch in self.branches.values()
        }
        file = os.open(f"{LOOKS}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=self.home)
        with os.fdopen(file, "w", encoding="utf-8") as writing:
            json.dump(looks, writing)
        os.rename(f"{LOOKS}.new", LOOKS, src_dir_fd=self.home, dst_dir_fd=self.home)

    def freeze(self, why: str, *, lasting: bool = True) -> None:
        """Keep the names as they are until somebody has put them back, also beyond our own end; where that is
        ``lasting``, also beyond the machine's. Raises OSError."""
        file = os.open(_FROZEN, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=self.home)
        with os.fdopen(file, "w", encoding="utf-8") as writing:
            writing.write(why)
            writing.flush()
            if lasting:
                os.fsync(file)

    def frozen(self) -> str:
        """Why the names are kept as they are; empty where they follow."""
        try:
            with os.fdopen(os.open(_FROZEN, os.O_RDONLY, dir_fd=self.home), encoding="utf-8") as file:
                return file.read() or "an accident"
        except FileNotFoundError:
            return ""

    def thaw(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_FROZEN, dir_fd=self.home)

    def forget_recalled(self) -> None:
        """Begin anew, and follow."""
        for branch in self.branches.values():
            os.close(branch.real)
            os.close(branch.second)
        self.branches.clear()
        self.thaw()

    def clear(self) -> None:
        """Take the whole farm away: from now on nothing is kept."""
        self.branches.clear()
        self._prune(self.names, "")
        for name in listed(self.home):
            if name != NAMES:
                os.unlink(name, dir_fd=self.home)
        os.rmdir(NAMES, dir_fd=self.home)
        os.rmdir(f"{NAME}/{self.name}", dir_fd=self.view)

    @property
    def is_last(self) -> bool:
        """Whether no farm lies in its place any more."""
        above = os.open(NAME, DIRECTORY, dir_fd=self.view)
        try:
            return not listed(above)
        finally:
            os.close(above)

    def _second(self, path: str) -> int:
        here = os.open(".", DIRECTORY, dir_fd=self.names)
        for name in path.split("/") if path else ():
            below = made_at(here, name)
            os.close(here)
            here = below
        return here

    def _has(self, branch: Branch, name: str, inode: int) -> bool:
        try:
            return os.stat(name, dir_fd=branch.second, follow_symlinks=False).st_ino == inode
        except FileNotFoundError:
            return False

    def _prune(self, directory: int, path: str) -> None:
        """Take away the second names that are left from before, of what is no longer there."""
        branch = self.branches.get(path)
        for name in listed(directory):
            below = os.path.join(path, name)
            if branch is not None and name in branch.files:
                continue
            try:
                os.unlink(name, dir_fd=directory)
            except (IsADirectoryError, PermissionError):
                deeper = os.open(name, DIRECTORY, dir_fd=directory)
                self._prune(deeper, below)
                os.close(deeper)
                if below not in self.branches:
                    os.rmdir(name, dir_fd=directory)


def _is_below(path: str, top: str) -> bool:
    return path == top or not top or path.startswith(f"{top}/")
