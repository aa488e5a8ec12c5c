"""The verdict on a command: pure, from what was found, who is asking, and the policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from guardsh.model.finding import Findings
from guardsh.model.policy import Policy, Standing
from guardsh.model.verdict import Caller, Decision, Reason, Subject, Verdict
from guardsh.model.wording import title
from guardsh.policy.case import NODE_WIDE, Case, Inquiry
from guardsh.policy.evidence import evidence
from guardsh.policy.rules import ALSO, OVERRIDDEN, UNATTENDED, rulings
from guardsh.policy.summary import summary

_LISTED = 5  # other instances named beside the gravest

# Reasons whose sentence says, where nothing is asked, all that there is to say.
_SPEAKS_FOR_ITSELF = ("aborted", "comes-up", "already-primary")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one case comes to."""

    case: Case
    decision: Decision
    reasons: tuple[Reason, ...]
    hints: tuple[str, ...]
    alone: bool  # refused, at first, as the only copy
    unattended: bool = False

    @property
    def gravity(self) -> tuple[Decision, int, bool, bool]:
        instance = self.case.instance
        return self.decision, -self.case.rank, self.alone, instance is not None and instance.live


def assess(findings: Findings, caller: Caller, policy: Policy, *, override: bool = False) -> Verdict:
    """What guardsh says to the command. The gravest case decides: its decision first, then its role.

    ``override`` makes a refusal a challenge with a longer phrase; where nobody can be asked, it stays a refusal.
    """
    judgements = [
        _unattended(_overridden(judged, override), caller, policy)
        for judged in map(_judged, Inquiry(findings, caller, policy).cases())
    ]
    gravest = max(judgements, key=lambda judged: judged.gravity, default=None)
    if gravest is None or (gravest.decision is Decision.ALLOW and gravest.case.touch is None):
        return Verdict(Decision.ALLOW, findings.node.host, None, "", ())
    return _verdict(gravest, [other for other in judgements if other is not gravest])


def _judged(case: Case) -> Judgement:
    said = list(rulings(case))
    decision = max((case.decision, *(ruling.least for _, ruling in said)))
    return Judgement(
        case=case,
        decision=decision,
        reasons=tuple(Reason(code, ruling.sentence, ruling.sources) for code, ruling in said),
        hints=tuple(dict.fromkeys(ruling.hint for _, ruling in said if ruling.hint)),
        alone=decision is Decision.REFUSE and case.standing is Standing.ONLY_COPY,
    )


def _overridden(judged: Judgement, override: bool) -> Judgement:
    if judged.decision is not Decision.REFUSE or not override:
        return judged
    reason = Reason(OVERRIDDEN, "It would be refused; overridden, with a reason that goes on record.")
    return replace(judged, decision=Decision.CHALLENGE, reasons=(*judged.reasons, reason))


def _unattended(judged: Judgement, caller: Caller, policy: Policy) -> Judgement:
    if caller.attended or judged.decision is not Decision.CHALLENGE:
        return judged
    decision = policy.unattended[judged.case.effect]
    reason = Reason(UNATTENDED, f"Nobody can be asked: {caller.why}.")
    refused = decision is Decision.REFUSE
    return replace(judged, decision=decision, reasons=(*judged.reasons, reason), unattended=refused)


def _verdict(gravest: Judgement, others: list[Judgement]) -> Verdict:
    case = gravest.case
    here = [gravest, *(other for other in others if _same_place(other.case, case))]
    elsewhere = [other for other in others if not _same_place(other.case, case)]
    return Verdict(
        decision=gravest.decision,
        host=(case.instance and case.instance.host) or case.inquiry.findings.node.host,
        subject=_subject(gravest),
        summary=_summary(gravest),
        reasons=(*_merged(reason for one in here for reason in one.reasons), *_also(elsewhere)),
        evidence=evidence(case),
        hints=tuple(dict.fromkeys(hint for one in here for hint in one.hints)),
        unattended=gravest.unattended,
    )


def _subject(gravest: Judgement) -> Subject:
    case = gravest.case
    now = case.inquiry.findings.node.seen
    says_it = case.unseen or case.backup
    known_as = title(case.instance, now) if case.instance else "" if says_it else "no instance on this node"
    return Subject(case.word, known_as, only_copy=gravest.alone)


def _summary(gravest: Judgement) -> str:
    """For a notice, the one sentence that says it; otherwise what would happen to what."""
    if gravest.decision is Decision.NOTICE:
        for reason in gravest.reasons:
            if reason.code in _SPEAKS_FOR_ITSELF:
                return reason.sentence
    return summary(gravest.case)


def _same_place(one: Case, other: Case) -> bool:
    """Two effects on one instance (a restart stops and starts) are one matter."""
    return one.instance is other.instance


def _merged(reasons: Iterable[Reason]) -> Iterator[Reason]:
    """Each sentence once, with all its sources."""
    merged: dict[tuple[str, str], dict[str, None]] = {}
    for reason in reasons:
        merged.setdefault((reason.code, reason.sentence), {}).update(dict.fromkeys(reason.sources))
    return (Reason(code, sentence, tuple(sources)) for (code, sentence), sources in merged.items())


def _also(elsewhere: Iterable[Judgement]) -> Iterator[Reason]:
    """What the command does to other instances, as far as it would not have passed in silence; what it does to the
    whole node has been said."""
    heard = (other.case for other in elsewhere if other.decision > Decision.ALLOW)
    sentences = list(dict.fromkeys(_elsewhere(case) for case in heard if case.effect not in NODE_WIDE))
    for sentence in sentences[:_LISTED]:
        yield Reason(ALSO, sentence)
    if len(sentences) > _LISTED:
        yield Reason(ALSO, f"Also: {len(sentences) - _LISTED} more.")


def _elsewhere(case: Case) -> str:
    where = f"Also, in {case.instance.directory.place.path}" if case.instance else "Also"
    return f"{where}: {summary(case)}"
