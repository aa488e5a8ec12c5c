"""What became different between the question and the answer: any of it voids the answer."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.model.finding import Findings, Touch
from guardsh.model.observed import Known, Observed
from guardsh.model.place import Identity
from guardsh.model.verdict import Verdict


def what_changed(before: Findings, after: Findings, then: Verdict, now: Verdict) -> str:
    """One sentence: the first thing that a verdict stood on and that is no longer so; "" where all is as it was."""
    return next(_changes(before, after, then, now), "")


def _changes(before: Findings, after: Findings, then: Verdict, now: Verdict) -> Iterator[str]:
    old, new = _by_directory(before), _by_directory(after)
    for path, touch in old.items():
        if path not in new:
            yield f"{path} is no longer what it was when you were asked"
            continue
        yield from _between(path, touch, new[path])
    for path in new.keys() - old.keys():
        yield f"{path} is touched now, and was not when you were asked"
    if before.backups != after.backups:
        yield "the backups that it would take along are not those of which you were asked"
    if before.unseen != after.unseen:
        yield f"what can be seen has changed: {_first(after.unseen) or _first(before.unseen)}"
    if (now.decision, now.subject and now.phrase) != (then.decision, then.subject and then.phrase):
        yield f"the verdict was {then.decision.name.lower()} and is now {now.decision.name.lower()}"


def _between(path: str, before: Touch, after: Touch) -> Iterator[str]:
    if _word(before.instance.role) != _word(after.instance.role):
        yield f"the instance in {path} was {_word(before.instance.role)} and is now {_word(after.instance.role)}"
    if _word(before.instance.state) != _word(after.instance.state):
        yield f"the instance in {path} was {_word(before.instance.state)} and is now {_word(after.instance.state)}"
    if before.loss != after.loss:
        yield f"the disks under {path} are not in the state in which they were: {_told(after)}"
    if _identities(before) != _identities(after):
        yield f"{path}, or an operand below it, is not the same file as when you were asked"


def _told(touch: Touch) -> str:
    return touch.loss.sentence.rstrip(".") if touch.loss else f"{', '.join(touch.operands)} is no member of anything"


def _by_directory(findings: Findings) -> dict[str, Touch]:
    return {touch.instance.directory.place.path: touch for touch in findings.every_touch}


def _identities(touch: Touch) -> dict[str, Identity | None]:
    return {place.path: place.identity for place in touch.places}


def _word(observed: Observed[object]) -> str:
    return str(getattr(observed.value, "value", observed.value)) if isinstance(observed, Known) else "unknown"


def _first(unseen: tuple[tuple[str, ...], ...]) -> str:
    return next((sentence for sentences in unseen for sentence in sentences), "")
