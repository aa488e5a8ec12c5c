"""Renames, forth and back, of the items of one entry: each is at exactly one of two places at any moment."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from guardsh.remedies.entry import Entry, Item
from guardsh.remedies.held import Held
from guardsh.system import kernel


def forth(items: Iterable[Item], origin: Held, files: Held) -> None:
    """Every item from its origin into the entry. Raises OSError; what was done until then stays done."""
    for item in items:
        _rename(item, origin, files)


def stand_in(item: Item, origin: Held, files: Held) -> None:
    """Exchange the directory for an empty one that looks the same, in one step: its path is never without a directory.

    Raises OSError; EINVAL where the file system cannot exchange.
    """
    with_same_looks(item.name, origin, files)
    kernel.rename(
        item.name,
        item.name,
        kernel.RENAME_EXCHANGE,
        source_directory=origin.descriptor,
        target_directory=files.descriptor,
    )


def with_same_looks(name: str, origin: Held, files: Held) -> None:
    """An empty directory in the entry with the mode, owner and attributes of that in the origin."""
    like = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=origin.descriptor)
    try:
        status = os.fstat(like)
        files.make(name)
        made = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=files.descriptor)
        try:
            if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(made, status.st_uid, status.st_gid)
            for attribute in os.listxattr(like):
                os.setxattr(made, attribute, os.getxattr(like, attribute))
            os.fchmod(made, status.st_mode & 0o7777)
        finally:
            os.close(made)
    finally:
        os.close(like)


def back(entry: Entry, origin: Held, files: Held) -> None:
    """Every item that is in the entry to its origin, where its name is free. Raises OSError (FileExistsError)."""
    for item in moved(entry, files):
        if entry.stand_in or _is_empty_directory(item.name, origin):
            # rename(2) replaces an empty directory, and nothing else: ENOTEMPTY
            os.rename(item.name, item.name, src_dir_fd=files.descriptor, dst_dir_fd=origin.descriptor)
        else:
            _rename(item, files, origin)


def moved(entry: Entry, files: Held) -> list[Item]:
    """Those of the items that are in the entry now."""
    return [item for item in entry.items if files.at(item.name) == item.identity]


def taken(entry: Entry, origin: Held, files: Held) -> list[str]:
    """The names that something else has in the origin by now."""
    return [
        item.name
        for item in moved(entry, files)
        if origin.at(item.name) is not None and not _is_empty_directory(item.name, origin)
    ]


def _rename(item: Item, source: Held, target: Held) -> None:
    if source.at(item.name) != item.identity:
        raise OSError(errno.ESTALE, "it is not what it was when this was decided", f"{source.path}/{item.name}")
    try:
        kernel.rename(
            item.name,
            item.name,
            kernel.RENAME_NOREPLACE,
            source_directory=source.descriptor,
            target_directory=target.descriptor,
        )
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"{source.path}/{item.name}") from None


def _is_empty_directory(name: str, above: Held) -> bool:
    try:
        there = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above.descriptor)
    except OSError:
        return False
    try:
        return not os.listdir(there)
    finally:
        os.close(there)
