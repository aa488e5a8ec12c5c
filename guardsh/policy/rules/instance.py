"""Reasons that lie in the instance touched: what it is, whether it runs, whether another copy lives."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.model import instance as model
from guardsh.model.data_directory import Contents
from guardsh.model.figures import duration
from guardsh.model.finding import Part
from guardsh.model.instance import Instance, Role
from guardsh.model.intent import Effect
from guardsh.model.observed import Known, Unknown, explain
from guardsh.model.policy import Standing
from guardsh.model.wording import upstream
from guardsh.policy.case import Case, Ruling, replication
from guardsh.policy.evidence import standbys_source
from guardsh.policy.standing import is_scratch, is_stopped


def unseen(case: Case) -> Iterator[Ruling]:
    if case.unseen:
        yield Ruling("What is not known counts as a primary.", (case.unseen,))


def contents_unknown(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one and not one.live and isinstance(one.directory.contents, Unknown) and _counts(case):
        yield Ruling(f"What it holds is not known, and it counts as a primary: {one.directory.contents.why}.")


def state_unknown(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one is None or not _counts(case):
        return
    if isinstance(one.state, Unknown):
        yield Ruling(f"Whether it runs is not known: {one.state.why}.")
    elif not (one.live or is_stopped(one)):
        yield Ruling("Whether it runs is not known: no server of it is seen.")


def role_unknown(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one and isinstance(one.role, Unknown) and _counts(case) and _is_cluster(one):
        yield Ruling(f"Its role is not known, and it counts as a primary: {one.role.why}.")


def live_primary(case: Case) -> Iterator[Ruling]:
    if case.instance and case.instance.live and _role(case.instance) is Role.PRIMARY and _counts(case):
        yield Ruling("")


def recovering(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one and _role(one) is Role.RECOVERING and _counts(case) and _is_cluster(one):
        yield Ruling("A copy in recovery that streams from nowhere may be the only one.")


def live_replica(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one is None or case.standings != (Standing.LIVE_REPLICA,):
        return
    receiver = replication(one, lambda seen: seen.receiver)
    source = receiver.value if isinstance(receiver, Known) else None
    yield Ruling(f"It streams from {upstream(source)}." if source else "")


def stopped_primary(case: Case) -> Iterator[Ruling]:
    if case.instance and case.standings == (Standing.STOPPED_PRIMARY,):
        yield Ruling(f"Whether another copy of it lives cannot be known from here{_since(case, case.instance)}.")


def stopped_replica(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one and case.standings == (Standing.STOPPED_OTHER,) and _contents(one) is Contents.CLUSTER:
        yield Ruling(f"Whether its primary still lives cannot be known from here{_since(case, one)}.")


def restored(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one and case.standings == (Standing.STOPPED_OTHER,) and _contents(one) is Contents.RESTORED:
        yield Ruling(f"{explain(one.directory.contents)}: a restored copy that was never started.")


def incomplete(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one and case.standings == (Standing.STOPPED_OTHER,) and _contents(one) is Contents.INCOMPLETE:
        yield Ruling(f"{explain(one.directory.contents)}: an incomplete copy, with data in it.")


def aborted(case: Case) -> Iterator[Ruling]:
    if case.instance and case.standings == (Standing.ABORTED,):
        yield Ruling(f"{explain(case.instance.directory.contents)}: an aborted restore, not a cluster.")


def no_cluster(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one and not one.live and _contents(one) in (Contents.ABSENT, Contents.EMPTY, Contents.OTHER):
        yield Ruling(f"{explain(one.directory.contents)}: not a cluster.")


def scratch(case: Case) -> Iterator[Ruling]:
    inquiry = case.inquiry
    if case.instance and is_scratch(case.instance, inquiry.caller, inquiry.policy.scratch):
        yield Ruling("A stopped instance of your own in a scratch place, which never archived.")


def only_copy(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one is None or case.standing is not Standing.ONLY_COPY:
        return
    alone = model.only_copy(one)
    if isinstance(alone, Known) and alone.value:
        yield Ruling("This is the only live copy.", (standbys_source(one),))
    else:
        yield Ruling("The same command hits its standby too: no live copy would be left.", (standbys_source(one),))


def only_copy_unknown(case: Case) -> Iterator[Ruling]:
    one = case.instance
    if one is None or not one.live or case.standing is not Standing.LIVE:
        return
    alone = model.only_copy(one, case.doomed)
    if isinstance(alone, Unknown):
        yield Ruling(f"Whether another live copy exists is not known: {alone.why}.")


def contradiction(case: Case) -> Iterator[Ruling]:
    for warning in case.instance.warnings if case.instance else ():
        yield Ruling(warning[:1].upper() + warning[1:].removesuffix(".") + ".")


def _counts(case: Case) -> bool:
    """Whether what the instance is matters to this case."""
    return case.standings != (Standing.NOTHING,) and (case.touch is None or case.touch.part is not Part.DISPOSABLE)


def _role(instance: Instance) -> Role | None:
    return instance.role.value if isinstance(instance.role, Known) else None


def _contents(instance: Instance) -> Contents | None:
    contents = instance.directory.contents
    return contents.value if isinstance(contents, Known) else None


def _is_cluster(instance: Instance) -> bool:
    return instance.live or not is_stopped(instance) or _contents(instance) is Contents.CLUSTER


def _since(case: Case, instance: Instance) -> str:
    control = instance.directory.control
    if not isinstance(control, Known) or case.effect is Effect.START:  # role_change.comes_up says it
        return ""
    return f"; it last wrote {duration(case.inquiry.findings.node.seen - control.value.written)} ago"
