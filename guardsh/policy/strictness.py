"""Which settings of one policy let more through than those of another."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.model.policy import Policy, Precaution


def weaker(policy: Policy, than: Policy) -> tuple[str, ...]:
    """Each setting of ``policy`` that is weaker, with both values; empty where nothing is."""
    settings = (_verdicts, _unattended, _places, _forbidden, _undo, _precautions)
    return tuple(sentence for setting in settings for sentence in setting(policy, than))


def below(path: str, places: tuple[str, ...]) -> bool:
    """Whether an absolute path is one of the places, or lies inside one.

    >>> below("/tmp/x", ("/tmp/",)), below("/tmp", ("/tmp",)), below("/tmpx", ("/tmp",)), below("/tmp", ("/",))
    (True, True, False, True)
    """
    return any(f"{path}/".startswith(f"{place.rstrip('/')}/") for place in places)


def _verdicts(policy: Policy, than: Policy) -> Iterator[str]:
    for effect, row in policy.verdicts.items():
        for standing, decision in row.items():
            before = than.verdicts[effect][standing]
            if decision < before:
                name = f"verdicts.{effect.value.replace(' ', '-')}.{standing.value}"
                yield f"{name} = {decision.name.lower()} is weaker than {before.name.lower()}"


def _unattended(policy: Policy, than: Policy) -> Iterator[str]:
    for effect, decision in policy.unattended.items():
        before = than.unattended[effect]
        if decision < before:
            name = f"unattended.{effect.value.replace(' ', '-')}"
            yield f"{name} = {decision.name.lower()} is weaker than {before.name.lower()}"


def _places(policy: Policy, than: Policy) -> Iterator[str]:
    for place in policy.scratch:
        if not below(place, than.scratch):
            yield f"node.scratch: {place} makes stopped instances nobody's"
    for place in than.data_directories:
        if place not in policy.data_directories:
            yield f"node.data_directories: {place} is no longer looked at"


def _undo(policy: Policy, than: Policy) -> Iterator[str]:
    if policy.move_aside < than.move_aside:
        yield f"undo.move_aside = {policy.move_aside.name.lower()} is weaker than {than.move_aside.name.lower()}"


def _forbidden(policy: Policy, than: Policy) -> Iterator[str]:
    for forbidden in than.forbidden:
        if forbidden not in policy.forbidden:
            yield f"tools.{forbidden.tool}.forbid: {forbidden.versions} is no longer forbidden"


def _precautions(policy: Policy, than: Policy) -> Iterator[str]:
    order = tuple(Precaution)
    if order.index(policy.snapshots) < order.index(than.snapshots):
        yield f"snapshots.before = {policy.snapshots.value} is weaker than {than.snapshots.value}"
    if policy.snapshots is not Precaution.OFF and policy.snapshot_deadline < than.snapshot_deadline:
        yield f"snapshots.deadline = {policy.snapshot_deadline:g} is less than {than.snapshot_deadline:g}"
