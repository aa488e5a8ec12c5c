"""A program that people call by its absolute path, moved aside for a shim, and put back.

Where a Debian package owns the program, dpkg is told (dpkg-divert(1)): an upgrade then replaces the program, not the
shim. There is no moment without something to run at the path: the program gets a second name first (link(2)), and then
rename(2) puts the shim in its place.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass

from guardsh.operations.install_changes import Kept
from guardsh.operations.install_manifest import Record
from guardsh.operations.install_tree import Tree
from guardsh.system.program import ASIDE

_SUFFIX = os.fsdecode(ASIDE)


class DiversionError(Exception):
    """dpkg-divert has failed."""


@dataclass(frozen=True, slots=True)
class Diversion:
    """The shim ``text`` at ``path``, and the program that was there beside it."""

    path: str
    text: str

    def record(self, tree: Tree) -> Record:
        package, known_as = _owner(tree, self.path)
        ours = (f"sha256 {hashlib.sha256(self.text.encode()).hexdigest()}",)
        return Record("diversion", self.path, ours, package=package, diverted=known_as)

    def verb(self, tree: Tree, ours: tuple[str, ...]) -> str:
        found = tree.fingerprint(self.path)
        if tree.exists(self.path + _SUFFIX):
            if found == self.record(tree).ours[0]:
                return ""
            if not tree.exists(self.path) or found in ours or tree.same(self.path, self.path + _SUFFIX):
                return "replace"
            raise Kept(f"it was replaced since it was diverted; the program before is {self.path}{_SUFFIX}")
        if found in ours:
            raise Kept("its program is gone; guardsh uninstall takes the shim away")
        self._check(tree)
        return "divert"

    def do(self, tree: Tree, ours: tuple[str, ...]) -> None:
        package, known_as = _owner(tree, self.path)
        if package:
            _dpkg_divert(tree, "--add", known_as)
        if not tree.exists(self.path + _SUFFIX):
            self._move_aside(tree)
        tree.write(self.path, self.text.encode(), 0o755)

    def _move_aside(self, tree: Tree) -> None:
        try:
            os.link(tree.real(self.path), tree.real(self.path + _SUFFIX), follow_symlinks=False)
        except PermissionError:  # a file system without hard links (link(2)): for a moment nothing is there
            tree.rename(self.path, self.path + _SUFFIX)

    def _check(self, tree: Tree) -> None:
        if not tree.executable(self.path):
            raise Kept("there is no program")
        target = os.path.basename(os.path.realpath(tree.real(self.path)))
        if target != os.path.basename(self.path):
            raise Kept(f"it leads to {target}, which goes by the name that it is called by")


def undo(tree: Tree, record: Record) -> str:
    """Put the program back. What was done, or nothing. Raises Kept, DiversionError."""
    path, aside = record.path, record.path + _SUFFIX
    done = ""
    if tree.exists(aside):
        if tree.exists(path) and tree.same(path, aside):
            tree.remove(aside)
        elif tree.exists(path) and tree.fingerprint(path) not in record.ours:
            raise Kept(f"it was replaced since it was diverted; the program before is {aside}")
        else:
            tree.rename(aside, path)
            done = "put back"
    elif tree.fingerprint(path) in record.ours:  # the program's package has been removed
        tree.remove(path)
        done = "remove"
    tree.remove(path + ".guardsh-new")
    if record.package:
        _dpkg_divert(tree, "--remove", record.diverted)
    return done


def _owner(tree: Tree, path: str) -> tuple[str, str]:
    """The Debian package that a file belongs to, and the path under which dpkg knows it (/bin or /usr/bin)."""
    if shutil.which("dpkg-query") is None or not tree.exists("/var/lib/dpkg/status"):
        return "", ""
    for known_as in (path, path.removeprefix("/usr"), "/usr" + path):
        asked = _dpkg(tree, "dpkg-query", "--search", known_as)
        owners = [
            line for line in asked.stdout.splitlines() if not line.startswith(("diversion by", "local diversion"))
        ]
        if asked.returncode == 0 and owners:
            return owners[0].rpartition(": ")[0], known_as
    return "", ""


def _dpkg_divert(tree: Tree, action: str, path: str) -> None:
    done = _dpkg(tree, "dpkg-divert", "--quiet", "--local", "--no-rename", "--divert", path + _SUFFIX, action, path)
    if done.returncode != 0:
        with contextlib.suppress(IndexError):
            raise DiversionError(f"could not tell dpkg of {path}: {done.stderr.strip().splitlines()[-1]}")
        raise DiversionError(f"could not tell dpkg of {path}")


def _dpkg(tree: Tree, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    where = () if tree.root == "/" else (f"--admindir={tree.real('/var/lib/dpkg')}",)
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run([program, *where, *words], capture_output=True, text=True, check=False, env=environment)
