"""Renames, forth and back, of the items of one entry: each is at exactly one of two places at any moment."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable

from guardsh.remedies.entry import Entry, Item
from guardsh.remedies.held import Held, held
from guardsh.system import copying, kernel


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
    """An empty directory in the entry that looks like the one in the origin."""
    files.make(name)
    with held(name, origin) as like, held(name, files) as made:
        copying.attributes(like.descriptor, made.descriptor)


def back(entry: Entry, origin: Held, files: Held) -> None:
    """Every item that is in the entry to its origin, where its name is free. Raises OSError (FileExistsError)."""
    for item in moved(entry, files):
        if _can_replace(item, files, origin):
            # rename(2) of a directory replaces an empty one, and nothing else: ENOTEMPTY, ENOTDIR
            os.rename(item.name, item.name, src_dir_fd=files.descriptor, dst_dir_fd=origin.descriptor)
        else:
            _rename(item, files, origin)


def moved(entry: Entry, files: Held) -> list[Item]:
    """Those of the items that are in the entry now."""
    return [item for item in entry.items if files.inode(item.name) == item.inode]


def taken(entry: Entry, origin: Held, files: Held) -> list[str]:
    """The names that something else has in the origin by now."""
    return [
        item.name
        for item in moved(entry, files)
        if origin.at(item.name) is not None and not _can_replace(item, files, origin)
    ]


def _rename(item: Item, source: Held, target: Held) -> None:
    if source.inode(item.name) != item.inode:
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
        if error.errno == errno.EINVAL and target.at(item.name) is None:
            _rename_plainly(item, source, target)
        else:
            raise OSError(error.errno, error.strerror, f"{source.path}/{item.name}") from None


def _rename_plainly(item: Item, source: Held, target: Held) -> None:
    """Where the file system knows no flags: NFS, and ZFS before 2.2."""
    try:
        os.rename(item.name, item.name, src_dir_fd=source.descriptor, dst_dir_fd=target.descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"{source.path}/{item.name}") from None


def _can_replace(item: Item, files: Held, origin: Held) -> bool:
    """Whether the item is a directory, and what has its name by now is an empty one."""
    with contextlib.suppress(OSError), held(item.name, files), held(item.name, origin) as there:
        return not there.names()
    return False
