"""Files and devices that a command writes to."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import join, normpath

from guardsh.commands import device_words
from guardsh.fastpath.places import is_device
from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target


def written(
    paths: Iterable[str], invocation: Invocation, action: str, doubts: tuple[str, ...] = (), *, follow: bool = True
) -> tuple[Intent, ...]:
    """Overwrite each file, or make it where there is none; a directory is left alone.

    What lies below /dev is a device, but for the terminals, null and their like, which pass. ``follow``: through a
    link, as open(2) does; not where the name is replaced by rename(2).
    """
    targets = tuple(Target(path, Extent.ENTRY, follow) for path in dict.fromkeys(paths) if path)
    return onto(targets, invocation, action, doubts)


def onto(targets: Iterable[Target], invocation: Invocation, action: str, doubts: tuple[str, ...]) -> tuple[Intent, ...]:
    """The same for targets of any extent."""
    files: list[Target] = []
    devices: list[str] = []
    for target in targets:
        place = normpath(join(invocation.cwd, target.path))
        if is_device(place):
            devices.append(target.path)
        elif not place.startswith("/dev/") or place.startswith("/dev/shm/"):  # noqa: S108 (as a place to write to)
            files.append(target)
    on_files = (Intent(Effect.OVERWRITE, tuple(files), action, doubts),) if files else ()
    return on_files + device_words.on_paths(Effect.DISMANTLE, devices, action, doubts)
