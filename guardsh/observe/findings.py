"""Everything a verdict stands on: the targets resolved, the instances they touch, the questions answered."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from guardsh.model.backup import Backup
from guardsh.model.finding import Findings
from guardsh.model.instance import Instance, Server
from guardsh.model.intent import ANY_INSTANCE, Effect, Extent, Intent, Invocation, Target
from guardsh.model.node import Node
from guardsh.model.observed import Known, Unknown
from guardsh.model.policy import Policy
from guardsh.observe import (
    answers,
    boot,
    candidates,
    configured,
    connection,
    data_directory,
    devices,
    members,
    node,
    repositories,
    search,
    signals,
    touching,
)
from guardsh.observe.discovery import may_carry_postgres
from guardsh.observe.paths import Reached, lineage, reach, same, ways
from guardsh.system import proc, processes
from guardsh.system.apart import Apart, Deadline, apart

_GRACE = 0.3  # seconds for putting the answers together after the deadline of the looks themselves
_MEASURING = 0.1  # seconds for an estimate of the size
_TAKING_ALONG = (Effect.DELETE, Effect.REWIND, Effect.DISMANTLE)  # and not chown -R
_ON_WHATEVER_RUNS = (Effect.START, Effect.STOP, Effect.PROMOTE, Effect.CONFIGURE)  # which is known without a search
_AS_MANY_AS_ANYONE_READS = 8


def look(intents: tuple[Intent, ...], invocation: Invocation, policy: Policy) -> Findings:
    """Look at what the intents would touch, as it is now; all of it within the policy's deadline.

    Whatever could not be looked at is a sentence in ``unseen``. Never raises.
    """
    if not intents:
        return Findings(Node(node.host_name(), (), Unknown("not looked at"), node.now()), (), (), ())
    seen = apart(partial(_look, intents, invocation, policy), Deadline(policy.deadline + _GRACE))
    if isinstance(seen, Known):
        return seen.value
    nothing = Node(node.host_name(), (), Unknown(seen.why), node.now())
    return Findings(nothing, intents, ((),) * len(intents), ((seen.why,),) * len(intents))


@dataclass(slots=True)
class _Reach:
    """Where one intent's targets lead."""

    reached: list[Reached]
    unseen: list[str]
    unmounted: list[str] = field(default_factory=list)  # as unseen, where the node may carry anything of Postgres
    backups: dict[str, Backup] = field(default_factory=dict)  # by their places


def _look(intents: tuple[Intent, ...], invocation: Invocation, policy: Policy) -> Findings:
    deadline = Deadline(policy.deadline)
    arrays = node.look_at_arrays(deadline)
    servers = processes.servers()
    disks = devices.Look(intents, invocation.cwd, deadline) if _names_devices(intents) else None
    reaches = [_reach(intent, invocation.cwd, servers, deadline, disks) for intent in intents]
    others = candidates.Others(servers, policy.data_directories)
    asked = node.ask(_near(servers, reaches), policy.connections, deadline)
    answering = connection.instances(intents, invocation, servers, policy, deadline)
    nearby = _search(intents, reaches, invocation.cwd, deadline)
    pairs = candidates.near(nearby.data_directories, servers, deadline)
    pairs += others.result(deadline, nearby.doubts)
    _add_configured_backups(intents, reaches, pairs, invocation, deadline)
    for one in reaches:
        one.unseen += one.unmounted if pairs or may_carry_postgres(policy.data_directories) else ()
    touched = _touched(reaches, pairs, everything=any(map(touching.is_node_wide, intents)))
    instances = dict(zip(touched, _instances([pairs[n] for n in touched], asked, policy, deadline), strict=True))
    orphans = _orphans(nearby.parts, pairs)
    here = node.of(tuple(instances.values()), arrays, deadline)
    if any(intent.effect is Effect.REBOOT for intent in intents):
        here = replace(here, boot=boot.look(here.arrays, here.instances, deadline))
    return Findings(
        node=here,
        intents=intents,
        touches=tuple(
            (
                *connection.touches(intent, answering),
                *(touching.touch(intent, row[index], instances[n]) for n, row in touched.items() if index in row),
            )
            for index, intent in enumerate(intents)
        ),
        unseen=tuple(
            (*one.unseen, *nearby.doubts[:_AS_MANY_AS_ANYONE_READS], *orphans) if intent.connection is None else ()
            for intent, one in zip(intents, reaches, strict=True)
        ),
        answers=answers.to(intents, invocation, deadline),
        backups=tuple(tuple(one.backups.values()) for one in reaches) if any(one.backups for one in reaches) else (),
    )


def _near(servers: Sequence[Server], reaches: Sequence[_Reach]) -> list[Server]:
    """Those that obviously are concerned: they are asked while everything else is looked at."""
    ways = [reached.lineage for one in reaches for reached in one.reached[:1]]
    return [server for server in servers if candidates.is_near(server, ways)]


def _touched(
    reaches: Sequence[_Reach], pairs: Sequence[node.Pair], *, everything: bool
) -> dict[int, dict[int, touching.Gathered]]:
    """By index of the directory, what each intent (by index) reaches of it; one directory once, whatever its paths."""
    rows: dict[int, dict[int, touching.Gathered]] = {}
    seen: set[object] = set()
    for number, (directory, _) in enumerate(pairs):
        row = {
            index: found
            for index, one in enumerate(reaches)
            if (found := touching.touched(one.reached, directory)) is not None
        }
        key = directory.place.identity or directory.place.path
        if (row or everything) and key not in seen:
            seen.add(key)
            rows[number] = row
    return rows


def _names_devices(intents: Iterable[Intent]) -> bool:
    return any(target.extent is Extent.DEVICE for intent in intents for target in intent.targets)


def _reach(
    intent: Intent, cwd: str, servers: Sequence[Server], deadline: Deadline, disks: devices.Look | None
) -> _Reach:
    result = _Reach([], [])
    for named in (*intent.targets, *signals.targets(intent.signal, servers, deadline, result.unseen)):
        target = configured.located(named, cwd)
        if isinstance(target, Unknown):
            result.unseen.append(target.why)
            continue
        try:
            if target.extent is Extent.DEVICE and disks is not None:
                result.reached += disks.reached(target, intent.effect, result.unmounted)
                continue
            for each in members.arriving(target, cwd):
                result.reached += _reached(each, intent.effect, cwd, result.unseen)
        except OSError as error:
            result.unseen.append(f"could not look at {target.path}: {(error.strerror or str(error)).lower()}")
    del result.unseen[_AS_MANY_AS_ANYONE_READS:]
    return result


def _reached(target: Target, effect: Effect, cwd: str, unseen: list[str]) -> Iterator[Reached]:
    found = reach(target, effect, cwd)
    if found is not None and target.extent is Extent.INSTANCE:
        found = _instance_at(found, unseen)
        if effect is Effect.STOP:
            yield from _signalled(found)
    if found is not None:
        yield found


def _instance_at(found: Reached, unseen: list[str]) -> Reached:
    """The data directory itself where a configuration directory was named (pg_ctl -D /etc/postgresql/15/main)."""
    resolved = data_directory.resolve_configuration_directory(found.place.path)
    if isinstance(resolved, Unknown):
        unseen.append(resolved.why)
        return found
    return reach(replace(found.target, path=resolved.value), Effect.START, "/") or found


def _signalled(reached: Reached) -> Iterator[Reached]:
    """pg_ctl stop signals the process that postmaster.pid names, whatever that serves (get_pgpid, pg_ctl.c): the file
    in a snapshot of a live primary names the primary."""
    file = f"{reached.place.path}/postmaster.pid"
    pid = proc.read(file).partition("\n")[0].strip()
    at = reach(replace(reached.target, path=f"/proc/{pid}/cwd"), Effect.STOP, "/") if pid.isdecimal() else None
    if at is not None and at.exists and not same(at.place, reached.place):
        yield replace(at, target=replace(at.target, path=file))


def _search(intents: Sequence[Intent], reaches: Sequence[_Reach], cwd: str, deadline: Deadline) -> search.Found:
    """What lies above and below the targets; a parent that many operands share is climbed once."""
    found = search.Found()
    climbed: set[str] = set()
    for intent, one in zip(intents, reaches, strict=True):
        for reached in one.reached:
            parent = os.path.dirname(os.path.join(cwd, reached.target.path).rstrip("/"))
            if parent not in climbed:
                climbed.add(parent)
                found.add(search.above((*reached.lineage[1:], *ways(parent))))
            searched = _search_target(intent, reached, deadline)
            one.backups = {**repositories.taken_along(reached, searched.backups), **one.backups}
            found.add(searched)
    return found


def _add_configured_backups(
    intents: Sequence[Intent],
    reaches: Sequence[_Reach],
    pairs: Sequence[node.Pair],
    invocation: Invocation,
    deadline: Deadline,
) -> None:
    """To what a device command reaches: not every file system is searched, and not always to its end."""
    concerned = [one for intent, one in zip(intents, reaches, strict=True) if intent.effect is Effect.DISMANTLE]
    places = tuple(repositories.told(pairs, invocation.environment)) if any(one.reached for one in concerned) else ()
    seen = apart(partial(repositories.holding, places, deadline), deadline) if places else Known((), "")
    for one in concerned:
        if isinstance(seen, Unknown):
            one.unseen.append(f"could not look at the backups of this node: {seen.why}")
            continue
        for reached in one.reached:
            one.backups = {**repositories.taken_along(reached, seen.value), **one.backups}


def _search_target(intent: Intent, reached: Reached, deadline: Deadline) -> search.Found:
    if reached.link is not None or reached.target.extent in (Extent.ENTRY, Extent.EMPTY):
        return search.Found()
    if _is_known_anyway(intent.effect, reached.target):
        return search.Found()
    if reached.target.extent is Extent.INSTANCE:
        return search.Found([reached.place.path])
    if intent.effect in (Effect.DISMANTLE, Effect.REWIND) and reached.place.path == "/":  # the whole machine
        return search.Found()
    of_backups, archives = intent.effect in _TAKING_ALONG, intent.effect is Effect.DISMANTLE
    found = search.below(reached.place.path, deadline, of_backups=of_backups, archives=archives)
    if intent.effect is Effect.OVERWRITE:  # a restore goes where nothing tells yet
        found.data_directories.append(reached.place.path)
    return found


def _is_known_anyway(effect: Effect, target: Target) -> bool:
    """Whether it concerns what runs, wherever below the target: that is known without a search."""
    if effect is Effect.STOP:
        return target.extent is Extent.TREE
    return target == ANY_INSTANCE and effect in _ON_WHATEVER_RUNS


def _instances(
    pairs: Sequence[node.Pair], asked: node.Asked, policy: Policy, deadline: Deadline
) -> tuple[Instance, ...]:
    """The instances, asked by SQL while their size is estimated."""
    measuring = Deadline(_MEASURING)
    measures = [Apart(partial(data_directory.size, directory.place.path, measuring)) for directory, _ in pairs]
    instances = node.instances_of(pairs, policy.connections, deadline, asked)
    return tuple(
        replace(instance, directory=replace(instance.directory, size=measure.result(deadline)))
        for instance, measure in zip(instances, measures, strict=True)
    )


def _orphans(parts: Iterable[str], pairs: Sequence[node.Pair]) -> tuple[str, ...]:
    """What looks like a pg_wal, a tablespace or a database with data in it, and belongs to no instance that we know."""
    directories = [directory for directory, _ in pairs]
    return tuple(
        f"{path} looks like {_what_part(path)} of an instance that is not known on this node"
        for path in dict.fromkeys(parts)
        if not any(touching.holds(directory, lineage(path)) for directory in directories) and _may_hold_data(path)
    )


def _what_part(path: str) -> str:
    if search.is_moved_aside(path):
        return "what was moved aside"
    if os.path.lexists(f"{path}/archive_status"):
        return "the pg_wal"
    return "a tablespace" if os.path.basename(path).startswith("PG_") else "a database"


def _may_hold_data(path: str) -> bool:
    try:
        return search.holds_data(path)
    except OSError:
        return True
