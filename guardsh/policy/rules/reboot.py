"""Reasons that lie in what a reboot would end, or not bring back: arrays, jobs, mounts, WAL that nobody has yet."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.model.boot import Boot
from guardsh.model.figures import count
from guardsh.model.instance import Archiver, Role
from guardsh.model.intent import Effect
from guardsh.model.observed import Known, Unknown
from guardsh.model.storage import Array, Health, danger, summary
from guardsh.model.verdict import Decision
from guardsh.policy.case import Case, Ruling, replication

_MOVING = (Health.RESYNCING, Health.RESHAPING)
_SENDING = "sending backup"  # in the title of a walsender (basebackup.c, SendBaseBackup)
_BY_HAND = "add it to /etc/fstab"


def array_unknown(case: Case) -> Iterator[Ruling]:
    if case.effect is not Effect.REBOOT:
        return
    arrays = case.inquiry.findings.node.arrays
    if isinstance(arrays, Unknown):
        yield _asks(f"Whether every array is healthy is not known: {arrays.why}.")
        return
    for array in arrays.value:
        for doubt in array.doubts:
            yield _asks(f"{array.name}: {doubt}.", array.source)


def array_degraded(case: Case) -> Iterator[Ruling]:
    for array in _arrays(case):
        if array.missing or array.health in (Health.INACTIVE, Health.FAILED):
            lone = danger(array)
            yield _asks(f"{summary(array)}{'; ' if lone else ''}{lone}.", array.source)


def array_busy(case: Case) -> Iterator[Ruling]:
    for array in _arrays(case):
        if array.health in _MOVING and not array.missing:
            yield _asks(f"{summary(array)}: let it end first.", array.source, f"guardsh progress shows {array.name}")


def would_not_assemble(case: Case) -> Iterator[Ruling]:
    """A refusal: whoever knows better overrides it, with a reason."""
    for assembly in boot.assemblies if (boot := _boot(case)) else ():
        if assembly.obstacles:
            why = "; ".join(obstacle.sentence for obstacle in assembly.obstacles)
            see = ", ".join(dict.fromkeys(obstacle.look for obstacle in assembly.obstacles))
            yield Ruling(f"{assembly.array} would not come up whole: {why}.", (), Decision.REFUSE, f"to see it: {see}")


def assembly_unknown(case: Case) -> Iterator[Ruling]:
    for assembly in boot.assemblies if (boot := _boot(case)) else ():
        for doubt in assembly.doubts:
            yield _asks(f"Whether {assembly.array} would assemble again is not known: {doubt}.")


def assembles_differently(case: Case) -> Iterator[Ruling]:
    for assembly in boot.assemblies if (boot := _boot(case)) else ():
        for remark in assembly.remarks:
            yield Ruling(f"{remark}.")


def job_running(case: Case) -> Iterator[Ruling]:
    boot = _boot(case)
    if boot is None:
        return
    if isinstance(boot.jobs, Unknown):
        yield _asks(f"Whether a backup or a restore is running is not known: {boot.jobs.why}.")
        return
    for job in boot.jobs.value:
        yield _asks(f"{job.name} is running (process {job.pid}), and would be cut short.", boot.jobs.source)


def base_backup_taken(case: Case) -> Iterator[Ruling]:
    """From another host, too: then no such program runs here."""
    server = case.instance.server if case.instance else None
    if case.effect is Effect.REBOOT and server and any(_SENDING in title for title in server.titles):
        yield _asks("A base backup is being taken from this instance.", "title of a walsender")


def mounted_by_hand(case: Case) -> Iterator[Ruling]:
    boot = _boot(case)
    if boot is None:
        return
    if isinstance(boot.by_hand, Unknown):
        yield _asks(f"Whether its file systems are mounted again is not known: {boot.by_hand.why}.")
        return
    for point in boot.by_hand.value:
        yield _asks(f"{point} is mounted by hand: nothing mounts it at boot.", boot.by_hand.source, _BY_HAND)


def wal_not_archived(case: Case) -> Iterator[Ruling]:
    """Said beside the role, which asks by itself."""
    if case.effect is not Effect.REBOOT or case.instance is None or not case.instance.live:
        return
    archiver = replication(case.instance, lambda seen: seen.archiver)
    if isinstance(archiver, Known) and _is_behind(archiver.value, _role(case)):
        segments = f"{count(archiver.value.waiting)} segments of WAL are" if archiver.value.waiting else "WAL is"
        yield Ruling(f"{segments} not archived, and on this host only.", (archiver.source,))


def only_replica(case: Case) -> Iterator[Ruling]:
    if case.effect is Effect.REBOOT and case.instance and case.instance.live and _role(case) is Role.REPLICA:
        yield Ruling("Whether its primary has another replica meanwhile cannot be seen from here.")


def _is_behind(archiver: Archiver, role: Role | None) -> bool:
    archives = archiver.mode == "always" or (archiver.mode == "on" and role is not Role.REPLICA)
    return archives and (bool(archiver.waiting) or archiver.failing_since is not None)


def _role(case: Case) -> Role | None:
    role = case.instance.role if case.instance else Unknown("no instance")
    return role.value if isinstance(role, Known) else None


def _asks(sentence: str, source: str = "", hint: str = "") -> Ruling:
    return Ruling(sentence, (source,) if source else (), Decision.CHALLENGE, hint)


def _boot(case: Case) -> Boot | None:
    return case.inquiry.findings.node.boot if case.effect is Effect.REBOOT else None


def _arrays(case: Case) -> tuple[Array, ...]:
    arrays = case.inquiry.findings.node.arrays
    return arrays.value if case.effect is Effect.REBOOT and isinstance(arrays, Known) else ()
