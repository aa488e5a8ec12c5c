"""What of a confirmed `rm -r` is moved aside instead of deleted, and what is written down of it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from guardsh.audit import trail
from guardsh.commands import rm
from guardsh.commands.grammar import read
from guardsh.judge import Case, working_directory
from guardsh.model import secrets
from guardsh.model.event import Event, Outcome
from guardsh.model.finding import Part
from guardsh.model.instance import Instance
from guardsh.model.intent import Target
from guardsh.model.observed import Known
from guardsh.model.policy import MoveAside, Policy, Precaution
from guardsh.model.saved import Saved, Way
from guardsh.model.verdict import Accepted, Decision
from guardsh.observe import node
from guardsh.policy.summary import whom
from guardsh.remedies import farms, insured, moved, store
from guardsh.remedies.held import Held, held
from guardsh.remedies.record import NotDoneError, new_id
from guardsh.screen import saying
from guardsh.screen.plain import safe

FAILED = 1  # as rm itself
# Those that change nothing of what is deleted; with another, such as -i, rm has its own questions to ask.
_PLAIN = frozenset({"--recursive", "--force", "--dir", "--verbose", "--preserve-root", "-I"})
_DATA = frozenset({Part.ALL, Part.DATA, Part.WAL, Part.TRANSACTIONS, Part.TABLESPACE})
_KEPT = "What is confirmed here is moved aside, not deleted (back with guardsh undo)."
_RUNNING = "The server ends at its next checkpoint or before; undone in time it goes on, later undo it and start it."
_GONE = "What is confirmed here is deleted for good."
_WHY = {errno.EBUSY: "it is a mount point", errno.EXDEV: "its file system cannot rename it"}
_FOR_GOOD = "hint: to delete it for good: guardsh run --confirm 'HOST ROLE' -- rm …"


@dataclass(frozen=True, slots=True)
class Group:
    """Names in one directory, and the directory that the store lies in."""

    directory: str
    names: tuple[str, ...]
    beside: str


def applies(case: Case) -> bool:
    """Whether this is an rm of which nothing but what it would delete is asked, and that is somebody's data."""
    if case.invocation.name != "rm" or case.invocation.prefixes or case.found.doubts or len(case.intents) != 1:
        return False
    options = _options(case)
    asked = case.policy.move_aside is not MoveAside.NEVER and case.verdict.decision is Decision.CHALLENGE
    plain = options <= _PLAIN and "--recursive" in options and not case.intents[0].doubts
    return asked and plain and _deletes_data(case) and not any(map(store.holds, _operands(case)[0]))


def promise(cases: Sequence[Case], *, kept: bool) -> list[str]:
    """What the question says of it; nothing where no tree of data would be deleted."""
    if not any(case.invocation.name == "rm" and _deletes_data(case) for case in cases):
        return []
    if not kept or not all(map(applies, filter(_deletes_data, cases))):
        return [_GONE]
    return [_KEPT, _RUNNING] if any(map(_runs, cases)) else [_KEPT]


def _runs(case: Case) -> bool:
    return any(touch.instance.server is not None for touch in case.findings.every_touch)


def _deletes_data(case: Case) -> bool:
    """Or may: what is not known counts as data."""
    touched = any(touch.part in _DATA for touch in case.findings.every_touch)
    return touched or any((*case.findings.unseen, *case.findings.backups))


def instead(case: Case, answer: Accepted) -> int | None:
    """Move aside what the command would delete; its exit status then. None where it is to run itself."""
    wanted = by_person(answer) or (answer.answer and case.policy.move_aside is MoveAside.ALWAYS)
    if not wanted or not applies(case):
        return None
    paths, missing = _operands(case)
    try:
        with insured.lifted(map(os.path.realpath, paths)):
            kept = all_or_none(_move(case, paths))
    except (OSError, NotDoneError) as error:
        saying.say([f"guardsh: could not move aside: {reason(error)}; nothing was deleted", _FOR_GOOD])
        return FAILED
    farms.let_go_of_cleared()
    saying.say(told(kept))
    on_record(case.words, case.policy, *(f"moved aside to {each.place}" for each in kept))
    if "--force" in _options(case):
        return 0
    for path in missing:
        sys.stderr.write(f"rm: cannot remove '{safe(path)}': No such file or directory\n")
    return 1 if missing else 0


def allow(cases: Sequence[Case], becomes: int | None) -> None:
    """Tell the keepers of insured directories what was confirmed: that it vanishes is no accident. ``becomes`` is the
    process that becomes the command, where that is not this one (a shim)."""
    touched = {touch.instance.directory.place for case in cases for touch in case.findings.every_touch}
    with contextlib.suppress(OSError, ValueError):
        wanted = insured.wanted()
        for place in touched:
            if place.identity is not None and place.path in wanted:
                for pid in {os.getpid(), becomes or os.getpid()}:
                    insured.allow(place.identity, pid)


def by_person(answer: Accepted) -> bool:
    """Whether somebody has answered the question at a terminal."""
    return bool(answer.answer) and not answer.answer.startswith("--confirm")


def kept(cases: Sequence[Case]) -> bool:
    """Snapshots and copies of what confirmed commands would destroy; False, said, where the policy requires them and
    they failed. guardsh's own subcommands destroy nothing that they do not say."""
    from guardsh.remedies import beforehand
    from guardsh.remedies.record import Occasion

    for case in cases:
        if case.policy.snapshots is Precaution.OFF or case.invocation.words[:1] == ("guardsh",):
            continue
        occasion = Occasion(secrets.redact(case.words), _operator())
        made = beforehand.before(case.findings, occasion, case.policy.snapshot_deadline)
        saying.say(made.lines)
        if made.failed and case.policy.snapshots is Precaution.REQUIRE:
            saying.say(['guardsh: [snapshots] before = "require": not run'])
            return False
    return True


def on_record(words: Sequence[str], policy: Policy, *done: str) -> None:
    """Put what was done on the audit trail, as far as there is one: it is done."""
    event = Event(
        when=time.time(),
        outcome=Outcome.ACCEPT,
        operator=trail.operator(),
        host=node.host_name(),
        cwd=working_directory(),
        argv=tuple(words),
        intent=(),
        verdict=None,
        answer="",
        detail="; ".join(done),
    )
    with contextlib.suppress(trail.NotRecorded):
        trail.record(event, policy.audit_file)


def all_or_none(moves: Iterable[Saved]) -> list[Saved]:
    """Carry out each; where one fails, those before it are put back. Raises as ``moved.move``, and as
    ``moved.put_back``."""
    done: list[Saved] = []
    try:
        for each in moves:
            done.append(each)
    except BaseException as error:
        for each in reversed(done):
            _put_back_after(each, error)
        raise
    return done


def _put_back_after(this: Saved, why: BaseException) -> None:
    try:
        moved.put_back(this)
    except (OSError, NotDoneError) as error:
        whole = reason(why) if isinstance(why, Exception) else "interrupted"
        raise NotDoneError(f"{whole}; {this.id} was moved before, and is not back: {reason(error)}") from why


def told(kept: Sequence[Saved]) -> list[str]:
    """Where what was moved at once went, and the ways from there."""
    where = [f"guardsh: moved aside, no space was freed: {each.place}" for each in kept]
    notes = [f"guardsh: {note}" for each in kept for note in each.notes]
    name = kept[0].id if kept else ""
    ways = f"hint: guardsh undo {name} puts it back; guardsh moved purge {name} deletes it for good"
    return [*where, *notes, ways] if kept else []


def reason(error: Exception) -> str:
    """An error of moving as the end of a sentence."""
    if not isinstance(error, OSError):
        return str(error)
    why = _WHY.get(error.errno or 0, error.strerror)
    return f"{error.filename or ''}: {(why or str(error)).lower()}".removeprefix(": ")


def _options(case: Case) -> set[str]:
    return {name for name, _ in read(rm.GRAMMAR, case.invocation.arguments).options}


def _operands(case: Case) -> tuple[list[str], list[str]]:
    """Paths that are there, without those below another, and as named those that are not there."""
    named = [target for target in case.intents[0].targets if isinstance(target, Target)]
    paths = [os.path.join(case.invocation.cwd, target.path).rstrip("/") for target in named]
    there = [path for path in paths if os.path.lexists(path)]
    missing = [target.path for target, path in zip(named, paths, strict=True) if path not in there]
    return [path for path in there if not any(path.startswith(f"{other}/") for other in there)], missing


def _move(case: Case, paths: Sequence[str]) -> Iterator[Saved]:
    base = new_id(time.time())
    instances = [touch.instance for touch in case.findings.every_touch]
    for number, group in enumerate(grouped(paths, instances), start=1):
        origin = group.directory if len(group.names) != 1 else f"{group.directory}/{group.names[0]}"
        about = described(instances[0] if instances else None, group.directory, case.words, origin)
        about = replace(about, id=base if number == 1 else f"{base}.{number}")
        yield moved.move(group.names, group.directory, group.beside, about)


def grouped(paths: Sequence[str], instances: Sequence[Instance]) -> list[Group]:
    """By the directory that they lie in. Raises OSError."""
    names: dict[str, list[str]] = {}
    for path in paths:
        above, name = os.path.split(path)
        names.setdefault(os.path.realpath(above or "/"), []).append(name)
    return [Group(above, tuple(dict.fromkeys(each)), _beside(above, instances)) for above, each in names.items()]


def _beside(directory: str, instances: Sequence[Instance]) -> str:
    """What lies in a data directory is kept beside that; anything else beside itself."""
    for instance in instances:
        top = instance.directory.place.path
        if os.path.commonpath((top, directory)) == top:
            return around(top)
    return directory


def around(directory: str) -> str:
    """The directory above, where names can be moved to from here; else the directory itself: it is a mount point, or a
    subvolume, or we may not write beside it."""
    above = os.path.dirname(directory) or "/"
    with held(directory) as here, held(above) as there:
        return above if are_together(here, there) and os.access(above, os.W_OK) else directory


def are_together(here: Held, there: Held) -> bool:
    """Whether rename(2) leads from one directory into the other; also where insurance, which lets go for it, has
    mounted the first on itself."""
    same_device = here.mount[1] == there.mount[1]
    return here.mount == there.mount or (same_device and insured.is_held(here.path))


def described(instance: Instance | None, directory: str, words: Sequence[str], origin: str) -> Saved:
    """What is known of a thing that is about to be moved out of ``directory``."""
    about = Saved(
        id=new_id(when := time.time()),
        way=Way.MOVED,
        when=when,
        origins=(directory,),
        place="",
        what=f"{origin}: {whom(instance)}" if instance else origin,
        command=secrets.redact(tuple(words)),
        operator=_operator(),
    )
    return about if instance is None else _of(instance, about)


def _operator() -> str:
    who = trail.operator()
    return str(who["login"] or who["account"] or who["uid"])


def _of(instance: Instance, about: Saved) -> Saved:
    control = instance.directory.control
    return replace(
        about,
        role=instance.role.value.value if isinstance(instance.role, Known) else None,
        version=instance.directory.version.value if isinstance(instance.directory.version, Known) else None,
        system_identifier=instance.system_identifier,
        timeline=control.value.timeline if isinstance(control, Known) else None,
    )
