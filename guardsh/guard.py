"""The story of guarded commands, told once: judge, ask, look again, record, run."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from guardsh import grant, judge
from guardsh.audit import trail
from guardsh.judge import NO_WISHES, Case, Wishes
from guardsh.model.event import Event, Outcome
from guardsh.model.intent import Effect, Extent
from guardsh.model.verdict import Accepted, Decision, Rejected, Verdict
from guardsh.policy.assess import assess
from guardsh.screen import dialogue, report, saying
from guardsh.system import errand, program, terminal

REFUSED = 77  # EX_NOPERM


def command(words: list[str], raw: list[bytes], wishes: Wishes = NO_WISHES) -> int:
    """Guard one command and become it; the exit status where it is not run.

    ``raw`` are the same words as the kernel has them: they are what runs.
    """
    if wishes.dry_run:
        sys.stdout.write("\n".join(report.verdict(judge.together(judge.words(words, wishes)).verdict)) + "\n")
        return 0
    status = outcome(words, wishes)
    return program.become(raw) if status is None else status


def outcome(words: list[str], wishes: Wishes = NO_WISHES, becomes: int | None = None) -> int | None:
    """Bring one command to its verdict, with whoever is there, and on record: None where it may run, now; otherwise the
    exit status that it has come to. ``becomes`` is the process that would become it, where that is not this one."""
    return _outcome(judge.words(words, wishes), len(words), wishes, becomes)


def outcome_of_unknown(words: list[str]) -> int | None:
    """The same for a command of which nothing is known but that it will run where a shield would have held it back."""
    why = "what it does is not known to guardsh, and nothing holds it back"
    return _outcome((judge.unknown(tuple(words), why),), 0)


def _outcome(judged: Sequence[Case], count: int, wishes: Wishes = NO_WISHES, becomes: int | None = None) -> int | None:
    if count and not any(map(_belongs_outside, judged)):
        errand.hand_back(count)
    cases = said_of(judged)
    if not cases:
        return None
    answer = _granted(cases, wishes) or settle(cases, wishes, met=len(cases) == 1)
    recorded = [record(case, wishes, answer) for case in cases]
    if isinstance(answer, Rejected):
        return REFUSED
    if not all(recorded) and wishes.override is not None:
        saying.say(["guardsh: an override must go on record, and no audit trail can be written; not run"])
        return REFUSED
    return _with_a_way_back(cases, answer, becomes)


def _with_a_way_back(cases: Sequence[Case], answer: Accepted, becomes: int | None) -> int | None:
    """As ``outcome``, of what was accepted: what a person has confirmed is moved aside, or kept before it runs."""
    from guardsh import aside  # what passes without a word need not load it

    aside.allow(cases, becomes)
    status = aside.instead(cases[0], answer) if len(cases) == 1 else None
    if status is not None or not aside.by_person(answer):
        return status
    return None if aside.kept(cases) else REFUSED


def _belongs_outside(case: Case) -> bool:
    """Whether a command that was typed in a shield has to leave it: it reaches an instance, or might; or it is about
    devices and mounts, or the machine, and could do nothing in there."""
    return any((*case.findings.touches, *case.findings.unseen, *case.findings.backups)) or any(
        intent.effect in (Effect.DISMANTLE, Effect.REBOOT)
        or any(target.extent is Extent.DEVICE for target in intent.targets)
        for intent in case.intents
    )


def said_of(cases: Sequence[Case]) -> list[Case]:
    """Those of which something is to be said."""
    return [case for case in cases if case.verdict.decision is not Decision.ALLOW]


def settle(
    cases: Sequence[Case],
    wishes: Wishes = NO_WISHES,
    door: type[terminal.Terminal] = terminal.Terminal,
    *,
    met: bool = True,
) -> Accepted | Rejected:
    """Bring verdicts that are not ALLOW to their end with whoever is there: say, ask once for all, or refuse; and look
    again immediately before they run. ``met``: each comes to guardsh when it starts, which may move aside instead."""
    whole = judge.together(cases)
    verdict = whole.verdict
    if verdict.decision is Decision.NOTICE:
        saying.say([report.notice(verdict)])
        return Accepted("")
    if verdict.decision is Decision.REFUSE:
        saying.refuse(verdict, whole.words)
        return Rejected("", "refused: nobody to ask" if verdict.unattended else "refused")
    if wishes.confirm is None:
        from guardsh import aside

        hints = (*verdict.hints, *aside.promise(cases, kept=met))
        answer = _ask(replace(whole, verdict=replace(verdict, hints=hints)), door)
    else:
        answer = _confirmed(verdict, wishes.confirm)
    if isinstance(answer, Rejected):
        return answer
    changed = judge.changed(cases, wishes)
    if changed:
        saying.say([f"guardsh: {changed}; not run"])
        return Rejected(answer.answer, changed)
    return answer


def as_permit(case: Case, answer: str = "") -> grant.Permit:
    """What a grant says of this command."""
    touched = (place for touch in case.findings.every_touch for place in touch.places)
    return grant.Permit(
        name=case.invocation.name,
        arguments=case.invocation.arguments,
        decision=int(case.verdict.decision),
        phrase=case.verdict.phrase if case.verdict.subject else "",
        targets=tuple(sorted({(place.path, *(place.identity or (-1, -1))) for place in touched})),
        answer=answer,
    )


def _granted(cases: Sequence[Case], wishes: Wishes) -> Accepted | None:
    """The answer that was given for the whole line (guardsh/line), where it holds for what is seen now.

    A command in the background may have it, too: the question was put before it began.
    """
    if wishes != NO_WISHES or len(cases) != 1 or not cases[0].starts:
        return None
    case = cases[0]
    attended = replace(case.caller, attended=True)
    as_asked = replace(case, caller=attended, verdict=assess(case.findings, attended, case.policy))
    answer = grant.use(as_permit(as_asked))
    return None if answer is None else Accepted(answer)


def _ask(case: Case, door: type[terminal.Terminal]) -> Accepted | Rejected:
    with door() as asking:
        return dialogue.ask(asking, case.verdict, case.policy.patience, case.policy.paint)


def _confirmed(verdict: Verdict, given: str) -> Accepted | Rejected:
    """--confirm against live evidence; what is not known cannot be confirmed beforehand."""
    assert verdict.subject is not None
    if verdict.subject.word == "unknown":
        why = "--confirm is not accepted where the role is not known"
    elif not dialogue.matches(given, verdict):
        why = f"--confirm says {given!r}; {dialogue.truth(verdict)}"
    else:
        return Accepted(f"--confirm {given}")
    saying.refuse(replace(verdict, hints=(why,)), ())
    return Rejected(given, why)


def record(case: Case, wishes: Wishes, answer: Accepted | Rejected) -> bool:
    """Put the decision on record before anything runs; False, said on the terminal, where no trail can be written."""
    rejected = isinstance(answer, Rejected)
    event = Event(
        when=time.time(),
        outcome=Outcome.REJECT if rejected else Outcome.ACCEPT,
        operator=trail.operator(),
        host=case.verdict.host,
        cwd=case.invocation.cwd,
        argv=case.words,
        intent=tuple(
            f"{intent.effect.value} {target.path}" for intent in case.intents for target in intent.targets[:8]
        ),
        verdict=report.facts(case.verdict),
        answer=answer.answer,
        detail=answer.why if isinstance(answer, Rejected) else "runs",
        override=wishes.override or "",
    )
    try:
        trail.record(event, case.policy.audit_file)
    except trail.NotRecorded as error:
        saying.say([f"guardsh: {error}"])
        return False
    return True
