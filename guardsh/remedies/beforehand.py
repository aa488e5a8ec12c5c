"""What is kept before a confirmed command runs: copies of the single files that it reaches, else a snapshot."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from guardsh.model.data_directory import Contents
from guardsh.model.finding import Findings, Touch
from guardsh.model.instance import Instance
from guardsh.model.intent import Effect
from guardsh.model.observed import Known
from guardsh.remedies import copies, snapshots
from guardsh.remedies.record import Kept, Occasion
from guardsh.system.apart import Deadline

# Not DISMANTLE: `zfs destroy` and `lvremove` would refuse, or ask, because of the snapshot, and mkfs takes it along.
_DESTROYING = frozenset({Effect.DELETE, Effect.OVERWRITE, Effect.REWIND})
_NOTHING_TO_KEEP = frozenset({Contents.ABSENT, Contents.EMPTY, Contents.ABORTED})


def before(findings: Findings, occasion: Occasion, seconds: float) -> Kept:
    """Keep what the command would destroy, in at most so many seconds all together; nothing where it destroys none."""
    deadline = Deadline(seconds)
    touches = list(_touches(findings))
    files = [path for touch in touches if _is_of_files(touch) for path in _paths(touch)]
    copied = copies.before(files, occasion, seconds) if files else Kept()
    instances = _instances(touches, instead=not copied.saved)
    taken = snapshots.before(instances, occasion, deadline.left()) if instances else Kept()
    failed = "" if taken.saved and not taken.failed else copied.failed or taken.failed
    return Kept(copied.saved + taken.saved, copied.lines + taken.lines, failed)


def _touches(findings: Findings) -> Iterator[Touch]:
    for intent, touches in zip(findings.intents, findings.touches, strict=True):
        if intent.effect in _DESTROYING:
            yield from touches


def _instances(touches: list[Touch], *, instead: bool) -> list[Instance]:
    """Those of which more is touched than some files; ``instead``: also where these could not be copied."""
    wanted = (
        touch.instance
        for touch in touches
        if touch.effect in _DESTROYING and (instead or not _is_of_files(touch)) and _has_something(touch.instance)
    )
    return list({instance.directory.place.path: instance for instance in wanted}.values())


def _has_something(instance: Instance) -> bool:
    contents = instance.directory.contents
    return not instance.host and not (isinstance(contents, Known) and contents.value in _NOTHING_TO_KEEP)


def _paths(touch: Touch) -> list[str]:
    return [place.path for place in touch.places[1:]]


def _is_of_files(touch: Touch) -> bool:
    """Whether all that it reaches is known by name, and is files: at most as many as a touch remembers."""
    return touch.count == len(touch.places) - 1 and all(map(_is_file, _paths(touch)))


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False
