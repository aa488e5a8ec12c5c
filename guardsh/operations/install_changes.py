"""The kinds of change that an installation makes, each with how it is done, and how a recorded one is undone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from guardsh.operations.install_manifest import Record
from guardsh.operations.install_tree import Tree

_MARK = "(guardsh uninstall takes"


class Kept(Exception):  # noqa: N818 (what is not ours stays: an outcome, not an error)
    """Nothing is done at this path, and why."""


class Change(Protocol):
    """Something that shall be so."""

    @property
    def path(self) -> str: ...

    def record(self, tree: Tree) -> Record:
        """What to write down before doing it. Raises Kept."""

    def verb(self, tree: Tree, ours: tuple[str, ...]) -> str:
        """What doing it would mean: ``create``, ``replace``, ``add to`` …; nothing where it is so already. Raises Kept
        where what is there is not one of ``ours``."""

    def do(self, tree: Tree, ours: tuple[str, ...]) -> None:
        """Bring it about, from whatever a killed installation has left."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of ours."""

    path: str
    text: str
    mode: int = 0o644

    def record(self, tree: Tree) -> Record:
        return Record("file", self.path, (f"sha256 {hashlib.sha256(self.text.encode()).hexdigest()}",))

    def verb(self, tree: Tree, ours: tuple[str, ...]) -> str:
        found = tree.fingerprint(self.path)
        return "" if found == self.record(tree).ours[0] else _create_or_replace(tree, self.path, found, ours)

    def do(self, tree: Tree, ours: tuple[str, ...]) -> None:
        tree.write(self.path, self.text.encode(), self.mode)


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of ours."""

    path: str
    target: str

    def record(self, tree: Tree) -> Record:
        return Record("link", self.path, (f"link to {self.target}",))

    def verb(self, tree: Tree, ours: tuple[str, ...]) -> str:
        found = tree.fingerprint(self.path)
        return "" if found == f"link to {self.target}" else _create_or_replace(tree, self.path, found, ours)

    def do(self, tree: Tree, ours: tuple[str, ...]) -> None:
        tree.link(self.path, self.target)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines at the end of a file that is somebody else's, such as a shell's configuration. ``text`` begins with a line
    break: the file may end without one."""

    path: str
    text: str

    def record(self, tree: Tree) -> Record:
        return Record("block", self.path, (self.text,), created=not tree.exists(self.path))

    def verb(self, tree: Tree, ours: tuple[str, ...]) -> str:
        if not tree.exists(self.path):
            return "create"
        text = tree.read(self.path)
        if self.text.encode() in text:
            return ""
        return "replace lines in" if _block(text, ours) else "add lines to"

    def do(self, tree: Tree, ours: tuple[str, ...]) -> None:
        if not tree.exists(self.path):
            tree.write(self.path, self.text.encode(), 0o644)
            return
        text, added = tree.read(self.path), self.text.encode()
        before = _block(text, ours)
        tree.rewrite(self.path, text.replace(before, added, 1) if before else text + added)


def _create_or_replace(tree: Tree, path: str, found: str, ours: tuple[str, ...]) -> str:
    if found in ours:
        return "replace"
    if tree.exists(path):
        raise Kept("something else is there")
    return "create"


def _block(text: bytes, ours: tuple[str, ...]) -> bytes:
    """The lines of ours that stand in a text."""
    return next((each.encode() for each in ours if each.encode() in text), b"")


def standing(tree: Tree, record: Record) -> str:
    """Those of our lines that stand in somebody else's file."""
    return _block(tree.read(record.path), record.ours).decode()


def undo_file(tree: Tree, record: Record) -> str:
    """Remove a file or link that is as we left it. What was done, or nothing. Raises Kept."""
    if not tree.exists(record.path):
        tree.remove(record.path, record.directories)
        return ""
    if tree.fingerprint(record.path) not in record.ours:
        raise Kept("it has been changed since")
    tree.remove(record.path, record.directories)
    return "remove"


def undo_block(tree: Tree, record: Record) -> str:
    """Take our lines out of somebody else's file. What was done, or nothing. Raises Kept."""
    text = tree.read(record.path) if tree.exists(record.path) else b""
    block = _block(text, record.ours)
    if not block:
        if _MARK.encode() in text:
            raise Kept("the lines have been changed since")
        tree.remove(record.path + ".guardsh-new")
        return ""
    rest = text.replace(block, b"", 1)
    if record.created and not rest:
        tree.remove(record.path, record.directories)
        return "remove"
    tree.rewrite(record.path, rest)
    return "take lines out of"
