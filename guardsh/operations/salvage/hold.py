"""Stop the clocks: whoever would end a stopped server first, then the postmaster, then its children."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from guardsh.model.instance import Server
from guardsh.operations.salvage import accident
from guardsh.operations.salvage.accident import Accident
from guardsh.system import deleters, ha_managers, suspension
from guardsh.system.deleters import Deleter
from guardsh.system.ha_managers import Manager
from guardsh.system.suspension import Member


class NothingToHold(Exception):  # noqa: N818 (it is an outcome)
    """There is no such server, or more than one, or it is another account's; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Held:
    """An instance that stands still. ``before`` are the processes that did so already: an earlier salvage's."""

    accident: Accident
    managers: tuple[Manager, ...]  # stopped
    alive: tuple[Manager, ...]  # that must not be stopped: they feed a watchdog
    warnings: tuple[str, ...]
    before: frozenset[int]
    deleters: tuple[Deleter, ...] = ()  # stopped in the middle of it

    @property
    def was_held(self) -> bool:
        first = self.accident.members[:1]
        return bool(first) and first[0].pid in self.before


def hold(directory: str, pid: int | None = None) -> Held:
    """Find the server of ``directory`` and stop it, its HA manager before it.

    ``pid`` chooses among several. Raises NothingToHold; then nothing was stopped. Milliseconds, but for a process in
    the middle of a disk's work, which is waited for a second.
    """
    server = _the_one(directory, accident.find(directory), pid)
    if server is None:
        return _hold_leftovers(directory)
    where = server.directory.path if server.directory is not None else os.path.abspath(directory)
    family = suspension.family(server.pid)
    found, deleting = ha_managers.managers(where, server.pid), deleters.deleters(where)
    before = _still([*family, *(each.member for each in found), *(each.member for each in deleting)])
    stopped, alive = _stop_managers(found)
    try:
        members = suspension.halt(server.pid)
    except (PermissionError, ProcessLookupError) as error:
        release_managers(stopped, before)
        why = "belongs to another account" if isinstance(error, PermissionError) else "has just ended"
        raise NothingToHold(f"process {server.pid}, the server of {where}, {why}") from error
    hit = Accident(where, f"/proc/{server.pid}/cwd", server, members)
    halted = tuple(each for each in deleting if _stop(each.member))
    return Held(hit, stopped, alive, ha_managers.warnings(server), before, halted)


def release(held: Held) -> None:
    """Let everything go on that ran before: the server first, then its managers."""
    suspension.resume([member for member in held.accident.members if member.pid not in held.before])
    suspension.resume([each.member for each in held.deleters if each.member.pid not in held.before])
    release_managers(held.managers, held.before)


def release_managers(stopped: Sequence[Manager], before: frozenset[int] = frozenset()) -> None:
    suspension.resume([each.member for each in stopped if each.pid not in before])


def _the_one(directory: str, found: Sequence[Server], pid: int | None) -> Server | None:
    chosen = [server for server in found if pid in (None, server.pid)]
    if len(chosen) > 1:
        listed = ", ".join(f"process {each.pid}{_of_old(each)}" for each in chosen)
        raise NothingToHold(f"more than one server is, or was, in {directory}: {listed}; choose with --pid")
    if pid is not None and not chosen:
        raise NothingToHold(f"process {pid} is no server of {directory}")
    return chosen[0] if chosen else None


def _of_old(server: Server) -> str:
    return " (of the directory that was removed)" if server.directory_deleted else ""


def _hold_leftovers(directory: str) -> Held:
    """Children that outlived their postmaster; none is no error: what is left on disk can be copied."""
    left = accident.leftovers(directory)
    before = _still(left)
    try:
        members = suspension.halt_all(left)
    except PermissionError as error:
        raise NothingToHold(f"the processes in {directory} belong to another account") from error
    door = f"/proc/{members[0].pid}/cwd" if members else directory
    return Held(Accident(os.path.realpath(directory), door, None, members), (), (), (), before)


def _still(members: Sequence[Member]) -> frozenset[int]:
    return frozenset(member.pid for member in members if suspension.is_still(member))


def _stop_managers(found: Sequence[Manager]) -> tuple[tuple[Manager, ...], tuple[Manager, ...]]:
    """Those that stand, and those that do not: one that feeds a watchdog is left alone (stopped, it would have the
    machine reset, and all open files lost), and so is another account's."""
    stopped = tuple(each for each in found if not each.watchdog and _stop(each.member))
    return stopped, tuple(each for each in found if each not in stopped)


def _stop(member: Member) -> bool:
    try:
        return bool(suspension.halt_all([member]))
    except PermissionError:
        return False
