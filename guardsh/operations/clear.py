"""guardsh clear: empty, or remove, a data directory by moving it aside; it takes no time at any size."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from guardsh import aside, guard, judge
from guardsh.judge import Case, Wishes
from guardsh.model.finding import Touch
from guardsh.model.instance import Instance
from guardsh.model.place import Identity
from guardsh.model.saved import Saved
from guardsh.remedies import farms, insured, moved, store
from guardsh.remedies.held import held
from guardsh.remedies.record import new_id

_WITHOUT_REMOVE = "without --remove what is in it is moved"


class ClearError(Exception):
    """Why nothing was moved: one sentence; ``hint`` says what to do, ``refused`` whether by our own rules."""

    def __init__(self, sentence: str, hint: str = "", *, refused: bool = False) -> None:
        super().__init__(sentence)
        self.hint = hint
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Plan:
    """One directory to be emptied, as it was looked at, and the directory its store lies in."""

    directory: str
    identity: Identity
    beside: str


def clear(directory: str, wishes: Wishes, *, remove: bool = False, into: str = "") -> tuple[Saved, ...]:
    """Move aside all that lies in ``directory``, and in its pg_wal and tablespaces elsewhere; with ``remove`` the
    directory too. Asks as for a deletion. ``into`` names where the store shall lie, on the same file system.

    Raises ClearError; with no sentence where the question was not answered, which has been said.
    """
    path = _resolved(directory)
    words = ["guardsh", "clear", path]
    case = judge.together(judge.words(words, wishes))
    concerned = case.findings.every_touch
    _check_not_running(path, concerned)
    store_in = _checked_into(path, into)
    plans = [_plan(each, store_in) for each in _directories(path, concerned)]
    if remove and plans[0].beside == path:
        raise ClearError(f"{path} cannot be renamed from the directory above it; nothing was moved", _WITHOUT_REMOVE)
    if guard.outcome(words, wishes) is not None:
        raise ClearError("", refused=True)
    with insured.lifted([plan.directory for plan in plans]):
        kept = aside.all_or_none(_carry_out(plans, case, concerned, remove=remove))
    farms.let_go_of_cleared()
    aside.on_record(words, case.policy, *(f"moved aside to {each.place}" for each in kept))
    return tuple(kept)


def _resolved(directory: str) -> str:
    path = os.path.realpath(directory)
    if not os.path.isdir(path):
        missing = not os.path.lexists(directory)
        raise ClearError(f"could not clear {directory}: {'no such directory' if missing else 'not a directory'}")
    if path == "/":
        raise ClearError("/ is not cleared", "name a data directory", refused=True)
    if store.holds(path):
        raise ClearError(f"{path} was moved aside already", "guardsh moved purge deletes it for good", refused=True)
    return path


def _check_not_running(path: str, concerned: tuple[Touch, ...]) -> None:
    for touch in concerned:
        server = touch.instance.server
        if server is not None:
            where = touch.instance.directory.place.path
            raise ClearError(
                f"a server runs in {where} (process {server.pid}): with its files moved it would PANIC at its next "
                "checkpoint; nothing was moved",
                f"stop it first: pg_ctl stop -D {where}",
                refused=True,
            )


def _directories(path: str, concerned: tuple[Touch, ...]) -> Iterator[str]:
    """The directory, and what belongs to its instance elsewhere."""
    yield path
    for touch in concerned:
        directory = touch.instance.directory
        if directory.place.path == path:
            for place in (directory.wal, *directory.tablespaces):
                if place is not None and os.path.isdir(place.path) and not place.path.startswith(f"{path}/"):
                    yield place.path


def _checked_into(path: str, into: str) -> str:
    """Resolved; empty where none was named."""
    if not into:
        return ""
    resolved = os.path.realpath(into)
    if not os.path.isdir(resolved):
        raise ClearError(f"could not keep it in {into}: no such directory")
    if resolved.startswith(f"{path}/"):
        raise ClearError(f"{resolved} lies in {path} and would be moved with it; nothing was moved")
    return resolved


def _plan(directory: str, into: str) -> Plan:
    beside = into or aside.around(directory)
    with held(directory) as here, held(beside) as there:
        if not aside.are_together(here, there):
            raise ClearError(
                f"{beside} is on another file system, mount or subvolume than {directory}; nothing was moved",
                "a rename crosses none of them: name a directory on the same one",
            )
        return Plan(directory, here.identity, beside)


def _carry_out(plans: list[Plan], case: Case, concerned: tuple[Touch, ...], *, remove: bool) -> Iterator[Saved]:
    base = new_id(time.time())
    instance: Instance | None = concerned[0].instance if concerned else None
    for number, plan in enumerate(plans, start=1):
        about = aside.described(instance, plan.directory, case.words, plan.directory)
        about = replace(about, id=base if number == 1 else f"{base}.{number}")
        if remove and number == 1:
            above, name = os.path.split(plan.directory)
            yield moved.move((name,), above, plan.beside, replace(about, origins=(above,)))
        elif not _is_empty(plan.directory):
            notes = (_inside(plan.directory),) if plan.beside == plan.directory else ()
            yield moved.empty(plan.directory, plan.beside, replace(about, notes=notes), plan.identity)


def _is_empty(directory: str) -> bool:
    with os.scandir(directory) as entries:
        return all(store.is_store(entry.name) for entry in entries)


def _inside(directory: str) -> str:
    return f"it had to be kept inside {directory}: initdb, wal-g and pgBackRest call that not empty until it is purged"
