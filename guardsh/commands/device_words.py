"""Device tools alike: which of their words may name a device, and the intent on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from guardsh.model.intent import Effect, Extent, Intent, Target


def on_paths(effect: Effect, paths: Iterable[str], action: str, doubts: tuple[str, ...] = ()) -> tuple[Intent, ...]:
    """One intent on everything that stands on the devices at these paths; nothing where there are none."""
    targets = tuple(Target(path, Extent.DEVICE, follow=True) for path in dict.fromkeys(paths) if path)
    return (Intent(effect, targets, action, doubts),) if targets else ()


def on_names(effect: Effect, names: Iterable[str], action: str, doubts: tuple[str, ...] = ()) -> tuple[Intent, ...]:
    """The same for names that the tool looks up where it keeps its own: volumes, volume groups, pools, mappings."""
    targets = tuple(Target(name, Extent.DEVICE) for name in dict.fromkeys(names) if name)
    return (Intent(effect, targets, action, doubts),) if targets else ()


def paths_among(words: Iterable[str]) -> Iterator[str]:
    """Every word, or value behind an ``=``, that may be the path of a device or of a file in its place.

    For tools whose values need not be told from operands: a number or a label is no file, and touches nothing.

    >>> list(paths_among(["-f", "-l", "logdev=/dev/sdc,size=1g", "--label", "x", "--dev=/dev/sdd", "/dev/sdb"]))
    ['/dev/sdc', 'x', '/dev/sdd', '/dev/sdb']
    """
    for word in words:
        value = word.partition("=")[2]
        if value:
            yield from (part for part in value.split(",") if part.startswith("/"))
        elif not word.startswith("-") or word == "-":
            yield word
