"""What a reboot would end on this node, and what would not come back after it."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from guardsh.model.boot import Assembly, Boot, Obstacle
from guardsh.model.data_directory import Contents
from guardsh.model.instance import Instance
from guardsh.model.node import Node
from guardsh.model.observed import Known, Observed
from guardsh.model.storage import Array, Arrays
from guardsh.observe import assembly, fstab, jobs
from guardsh.system import proc
from guardsh.system.apart import Apart, Deadline

T = TypeVar("T")

_CACHE = "/etc/zfs/zpool.cache"
_MOST = 64 << 20  # bytes of it
_LEAST = 0.2  # seconds
_NOTHING = (Contents.ABSENT, Contents.EMPTY, Contents.OTHER, Contents.ABORTED)


def ahead(node: Node, deadline: Deadline, root: str = "/") -> Node:
    """The same node, with what its next boot would bring, however long the other looks took."""
    return replace(node, boot=look(node.arrays, node.instances, Deadline(max(_LEAST, deadline.left())), root))


def look(arrays: Arrays, instances: Sequence[Instance], deadline: Deadline, root: str = "/") -> Boot:
    """Never raises: what does not answer by the deadline is not known."""
    paths = [path for instance in instances for path in _paths(instance)]
    processes = Apart(partial(jobs.jobs, os.path.join(root, "proc")))
    mounts = Apart(partial(fstab.by_hand, paths, root))
    seen = arrays.value if isinstance(arrays, Known) else ()
    assemblies = (*assembly.assemblies(seen, deadline, root), *_not_mounted(seen, root), *_not_imported(seen, root))
    return Boot(
        assemblies=assemblies,
        jobs=_from(processes.result(deadline), "/proc"),
        by_hand=_from(mounts.result(deadline), "/proc/self/mountinfo, /etc/fstab and the mount units"),
    )


def _not_mounted(arrays: Sequence[Array], root: str) -> Iterator[Assembly]:
    """btrfs is not mounted without all its devices, but with an option that nobody should have for every day."""
    for array in arrays:
        if array.metadata == "btrfs" and array.missing and "degraded" not in proc.read(os.path.join(root, "etc/fstab")):
            why = f"{array.missing} of its devices missing, and it is mounted at boot only with the option degraded"
            yield Assembly(array.name, (Obstacle(why, "btrfs filesystem show"),))


def _not_imported(arrays: Sequence[Array], root: str) -> Iterator[Assembly]:
    """zfs-import-cache.service imports what the cache file has, zfs-import-scan.service all, where there is no such
    file (etc/systemd/system of OpenZFS 2.1). The file is a list in XDR: a name comes behind its length."""
    cache = os.path.join(root, _CACHE.lstrip("/"))
    for array in arrays:
        if array.metadata == "zfs":
            name = array.name.encode()
            try:
                with open(cache, "rb") as file:
                    listed = struct.pack(">I", len(name)) + name in file.read(_MOST)
            except FileNotFoundError:
                listed = True
            except OSError as error:
                yield Assembly(array.name, doubts=(f"could not read {_CACHE}: {(error.strerror or '').lower()}",))
                continue
            if not listed:
                why = f"it is not in {_CACHE}, and what is not there is not imported"
                yield Assembly(array.name, (Obstacle(why, f"zpool get cachefile {array.name}"),))


def _paths(instance: Instance) -> tuple[str, ...]:
    """None where there is nothing to lose."""
    directory = instance.directory
    if not instance.live and isinstance(directory.contents, Known) and directory.contents.value in _NOTHING:
        return ()
    places = (directory.place, *directory.tablespaces, *((directory.wal,) if directory.wal else ()))
    return tuple(place.path for place in places)


def _from(found: Observed[tuple[T, ...]], source: str) -> Observed[tuple[T, ...]]:
    return Known(found.value, source) if isinstance(found, Known) else found
