"""What a touched thing is to the cluster: which columns of the verdict table it may stand in."""

from __future__ import annotations

from guardsh.model.backup import Backup
from guardsh.model.data_directory import Contents
from guardsh.model.finding import Part, Touch
from guardsh.model.instance import Instance, Role, State, only_copy
from guardsh.model.intent import Effect
from guardsh.model.observed import Known
from guardsh.model.policy import Standing
from guardsh.model.verdict import Caller
from guardsh.policy.strictness import below

_HARMLESS = (Contents.ABSENT, Contents.EMPTY, Contents.OTHER)
_RESTORES = (Contents.RESTORED, Contents.INCOMPLETE)

# What is not known may be any of these, and the strictest of their verdicts holds.
ANY = tuple(standing for standing in Standing if standing is not Standing.ONLY_COPY)


def standings(touch: Touch, doomed: tuple[Instance, ...] = ()) -> tuple[Standing, ...]:
    """The columns that a touch may stand in, the gravest first; one where everything needed is known.

    ``doomed`` are the instances that the same command destroys: as standbys they do not count.
    """
    if touch.part is Part.DISPOSABLE or (touch.part is Part.FOREIGN and touch.effect is Effect.DELETE):
        return (Standing.NOTHING,)
    instance = touch.instance
    contents = instance.directory.contents
    if not instance.live and isinstance(contents, Known) and contents.value in _HARMLESS:
        return (Standing.NOTHING,)
    if is_stopped(instance):
        return _stopped(instance)
    return _live(instance, doomed, spared=is_spared(touch))


def is_spared(reached: Touch | Backup) -> bool:
    """Whether redundancy keeps all the data: no copy is lost."""
    return reached.loss is not None and reached.loss.survives


def is_stopped(instance: Instance) -> bool:
    """Whether it is known that no server runs there."""
    state = instance.state
    return not instance.live and isinstance(state, Known) and state.value in (State.STOPPED, State.CRASHED)


def is_scratch(instance: Instance, caller: Caller, places: tuple[str, ...]) -> bool:
    """Whether a stopped instance is nobody's: below one of ``places``, never archived, and the caller's, who is not
    root. What test suites leave behind."""
    directory = instance.directory
    return (
        is_stopped(instance)
        and isinstance(directory.contents, Known)
        and directory.contents.value is Contents.CLUSTER
        and isinstance(directory.archived, Known)
        and not directory.archived.value
        and directory.owner == caller.uid != 0
        and below(directory.place.path, places)
    )


def _stopped(instance: Instance) -> tuple[Standing, ...]:
    contents, role = instance.directory.contents, instance.role
    if not isinstance(contents, Known):
        return ANY
    if contents.value is Contents.ABORTED:
        return (Standing.ABORTED,)
    if contents.value in _RESTORES:
        return (Standing.STOPPED_OTHER,)
    if not isinstance(role, Known):
        return ANY
    if role.value is Role.RECOVERING:
        return (Standing.STOPPED_PRIMARY, Standing.STOPPED_OTHER)
    return (Standing.STOPPED_PRIMARY if role.value is Role.PRIMARY else Standing.STOPPED_OTHER,)


def _live(instance: Instance, doomed: tuple[Instance, ...], *, spared: bool) -> tuple[Standing, ...]:
    role = instance.role
    if isinstance(role, Known) and role.value is Role.REPLICA:
        return (Standing.LIVE_REPLICA,) if instance.live else ANY
    alone = only_copy(instance, doomed)
    gravest = Standing.ONLY_COPY if isinstance(alone, Known) and alone.value and not spared else Standing.LIVE
    if not instance.live or not isinstance(role, Known):
        return (gravest, *ANY)
    return (gravest,) if role.value is Role.PRIMARY else (gravest, Standing.LIVE_REPLICA)
