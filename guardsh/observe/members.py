"""What a copied directory or an unpacked archive would put below a path, entry by entry."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeAlias

from guardsh.model.intent import Extent, Target

_MOST = 1024  # entries that are looked at one by one
_LONGEST = 0.5  # seconds for reading the list of an archive's members

# The names in a directory of the source (by its path, "" the top), and whether each is a directory.
Listing: TypeAlias = Callable[[str], "dict[str, bool]"]
_Tree: TypeAlias = "dict[str, _Tree]"


def arriving(target: Target, cwd: str) -> Iterable[Target]:
    """Each entry that would be made, or replaced, below ``target`` by what it ``brings``; the whole of it where that
    cannot be known (a stream, another host, more than can be read in time).

    A directory that exists on both sides is left as it is, and its entries meet.
    """
    if not target.brings:
        return (target,)
    source, place = os.path.join(cwd, target.brings), os.path.join(cwd, target.path)
    if target.extent is Extent.ENTRY or not os.path.isdir(place):
        return tuple(_entry(target.path)) if os.path.lexists(os.path.normpath(source)) else ()
    listing = _listing(source)
    found = list(islice(_meeting(listing, "", target.path, cwd), _MOST + 1)) if listing else []
    if listing is None or len(found) > _MOST:
        return (replace(target, brings=""),)
    return tuple(entry for path in found for entry in _entry(path))


def _entry(path: str) -> Iterator[Target]:
    """Where it is a link, one tool writes through it, and another one replaces it."""
    yield Target(path, Extent.ENTRY, follow=True)
    yield Target(path, Extent.ENTRY)


def _meeting(listing: Listing, source: str, place: str, cwd: str) -> Iterator[str]:
    here = os.path.join(cwd, place)
    if os.path.islink(here) or not os.path.isdir(here):
        yield place
    if not os.path.isdir(here):
        return
    for name, is_directory in listing(source).items():
        there = f"{place.rstrip('/')}/{name}" if place.strip("/") else f"/{name}"
        if is_directory:
            yield from _meeting(listing, f"{source}/{name}", there, cwd)
        else:
            yield there


def _listing(path: str) -> Listing | None:
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return lambda _: {}
    if stat.S_ISDIR(mode):
        return lambda below: _entries(path + below)
    tree = _archived(path) if stat.S_ISREG(mode) else None
    return None if tree is None else lambda below: _entries_in(tree, below)


def _entries(directory: str) -> dict[str, bool]:
    with os.scandir(directory) as entries:
        return {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}


def _entries_in(tree: _Tree, below: str) -> dict[str, bool]:
    for name in below.split("/")[1:]:
        tree = tree[name]
    return {name: bool(entries) for name, entries in tree.items()}


def _archived(path: str) -> _Tree | None:
    """The members of a tar or zip archive; None for any other, and where they cannot all be read in time."""
    tree: _Tree = {}
    until = time.monotonic() + _LONGEST
    for name in _names(path):
        if name is None or time.monotonic() > until:
            return None
        here = tree
        for part in name.split("/"):
            if part not in ("", "."):
                here = here.setdefault(part, {})
    return tree


def _names(path: str) -> Iterator[str | None]:
    """None where it is an archive that we cannot read to its end."""
    import tarfile
    import zipfile

    try:
        if zipfile.is_zipfile(path):
            yield from zipfile.ZipFile(path).namelist()
        else:
            with tarfile.open(path) as archive:
                yield from (member.name for member in archive)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError, ArithmeticError):
        yield None
