"""Which part of which data directory a reached target touches: pure comparisons of places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from guardsh.model.data_directory import DataDirectory
from guardsh.model.finding import Part, Touch
from guardsh.model.instance import Instance
from guardsh.model.intent import Effect, Extent, Intent
from guardsh.model.place import Place
from guardsh.observe.parts import effect_on, gravest, part_of
from guardsh.observe.paths import Reached, below, lineage, same

_SHOWN = 3
_HELD = 64  # operands whose identity must still be the same after the question


@dataclass(slots=True)
class Gathered:
    """What targets reach of one data directory; ``names`` are the top-level names among it."""

    parts: set[Part] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    reached: list[Reached] = field(default_factory=list)


def touched(reached: Iterable[Reached], directory: DataDirectory) -> Gathered | None:
    """Everything of ``directory`` that these targets reach; None where that is nothing."""
    gathered = Gathered()
    for one in reached:
        found = list(_parts(one, directory))
        if found:
            gathered.reached.append(one)
            gathered.parts.update(part for part, _ in found)
            gathered.names.update(name for _, name in found)
    return gathered if gathered.parts else None


def touch(intent: Intent, gathered: Gathered, instance: Instance) -> Touch:
    """The touch that one intent makes on one instance."""
    part = gravest(gathered.parts, gathered.names)
    reached = sorted(gathered.reached, key=_is_spared)
    return Touch(
        instance=instance,
        effect=effect_on(part, intent.effect),
        part=part,
        operands=tuple(one.target.path for one in reached[:_SHOWN]),
        count=len(reached),
        places=(instance.directory.place, *(one.place for one in reached[:_HELD])),
        how=reached[0].how or _how(reached[0], instance.directory),
        loss=reached[0].loss,
    )


def _is_spared(reached: Reached) -> tuple[bool, bool]:
    """For the gravest first: what is lost, and of that what can be explained."""
    return reached.loss is not None and reached.loss.survives, reached.loss is None


def holds(directory: DataDirectory, place: tuple[Place, ...]) -> bool:
    """Whether a place (with the directories above it) is part of this instance, and no foreign file in it."""
    inside = below(place, directory.place)
    outlying = (directory.wal, *directory.tablespaces, *(each.place for each in directory.moved))
    return (inside is not None and part_of(inside) is not Part.FOREIGN) or any(
        each is not None and below(place, each) is not None for each in outlying
    )


def _parts(reached: Reached, directory: DataDirectory) -> Iterator[tuple[Part, str]]:
    """Parts touched, each with its top-level name in the data directory ("" where there is none)."""
    if reached.target.extent is Extent.INSTANCE:
        if any(same(reached.place, place) for place in (directory.place, *directory.configuration)):
            yield Part.ALL, ""
        return
    inside = below(reached.lineage, directory.place)
    if inside is not None:
        yield part_of(inside), inside[0] if inside else ""
    for part, place in _outlying(directory):
        if below(reached.lineage, place) is not None:
            yield part, ""
    for moved in directory.moved:
        tail = below(reached.lineage, moved.place)
        if tail is not None:
            yield part_of((moved.name, *tail)), moved.name
    if reached.link is not None:
        if any(link.identity == reached.link for link in directory.links):
            yield Part.LINK, ""
    elif reached.directory and inside is None and reached.target.extent is Extent.TREE:
        yield from _above(reached, directory)


def _above(reached: Reached, directory: DataDirectory) -> Iterator[tuple[Part, str]]:
    places = ((Part.ALL, directory.place), *_outlying(directory), *((Part.LINK, link) for link in directory.links))
    moved = ((part_of((each.name,)), each.place) for each in directory.moved)
    for part, place in (*places, *moved):
        here = lineage(place.path)
        if below(here, reached.place) is not None and all(below(here, other) is None for other in reached.beside):
            yield part, ""


def _outlying(directory: DataDirectory) -> Iterator[tuple[Part, Place]]:
    if directory.wal is not None:
        yield Part.WAL, directory.wal
    for tablespace in directory.tablespaces:
        yield Part.TABLESPACE, tablespace
    for place in directory.configuration:
        yield Part.CONFIGURATION, place


def _how(reached: Reached, directory: DataDirectory) -> str:
    """Said where the operand does not show it: a link, or a part that lies elsewhere."""
    typed = reached.target.path
    if reached.place.path.endswith(typed.strip("/.").rstrip("/")):
        return ""
    return (
        f"{typed} is {reached.place.path}" if reached.link is None else f"{typed} is a link that its paths run through"
    )


def is_node_wide(intent: Intent) -> bool:
    """Whether the effect has no target on this node's disks."""
    return intent.effect in (Effect.EXPIRE, Effect.REBOOT)
