"""What a shield covers on this node: data directories under all their paths, devices, doors to programs outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob

from guardsh.model.data_directory import DataDirectory
from guardsh.model.observed import Unknown
from guardsh.observe import device_nodes, discovery, node, stack
from guardsh.observe.aliases import aliases
from guardsh.system import processes
from guardsh.system.apart import Deadline
from guardsh.system.mount_table import Mount, mounts

# Where tmux(1) and screen(1) have the sockets of servers that were started outside, and would run things there.
_MULTIPLEXERS = ("/tmp/tmux-*", "/run/tmux/*", "/run/screen/S-*", "/run/screens/S-*")  # noqa: S108


@dataclass(frozen=True, slots=True)
class Covered:
    """``directories`` are to be read only, ``devices`` not to be opened, ``doors`` to lead elsewhere."""

    directories: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    doors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """A look that can be repeated. ``configured`` are paths that count whether anything is found there or not;
    ``seconds`` is what one look may take."""

    configured: tuple[str, ...]
    seconds: float

    def covered(self) -> Covered:
        """Everything of the node as it is now. No server is asked. Raises OSError where /proc cannot be read."""
        return _covered(self.configured, Deadline(self.seconds))

    def key(self) -> object:
        """Something that is another whenever a look might find more; it costs far less."""
        return _key(self.configured)


def _covered(configured: tuple[str, ...], deadline: Deadline) -> Covered:
    pairs = node.directories(processes.servers(), discovery.data_directories("/", configured), deadline)
    mounted = mounts()
    places = tuple(dict.fromkeys(place for directory, _ in pairs for place in _places(directory) if _is_there(place)))
    directories = dict.fromkeys(path for place in places for path in aliases(place, mounted))
    directories.pop("/", None)  # a shell without a writable / is no shell
    return Covered(tuple(directories), _devices(places, mounted, deadline), _doors())


def _key(configured: tuple[str, ...]) -> object:
    # A postmaster that has just started has not gone into its directory yet: it is news once more when it has.
    running = tuple((each.pid, each.started, each.directory) for each in processes.servers())
    paths = discovery.data_directories("/", configured)
    parts = [_changed(f"{path}/pg_tblspc") for path in (*paths, *(f"/proc/{pid}/cwd" for pid, *_ in running))]
    with open("/proc/self/mountinfo", "rb") as file:
        return running, paths, tuple(parts), _changed("/dev"), _doors(), file.read()


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _is_there(path: str) -> bool:
    """For this account: what it cannot come to, it cannot damage either."""
    return os.path.isdir(path)


def _places(directory: DataDirectory) -> Iterator[str]:
    """Configuration that lies elsewhere is left out: it is edited every day, and no data is in it."""
    yield directory.place.path
    yield from (place.path for place in (directory.wal, *directory.tablespaces) if place is not None)
    yield from (moved.place.path for moved in directory.moved)


def _devices(places: tuple[str, ...], mounted: list[Mount], deadline: Deadline) -> tuple[str, ...]:
    arrays = node.look_at_arrays(deadline).result(deadline)
    known = arrays if isinstance(arrays, Unknown) else arrays.value
    return device_nodes.nodes(stack.stacks(places, known), mounted)


def _doors() -> tuple[str, ...]:
    return tuple(path for pattern in _MULTIPLEXERS for path in sorted(glob(pattern)) if os.path.isdir(path))
