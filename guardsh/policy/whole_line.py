"""The verdict on several commands of one line, and on a command whose operands are not known yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from guardsh.model.finding import Findings, Part, Touch
from guardsh.model.instance import Instance
from guardsh.model.intent import Intent
from guardsh.model.node import Node
from guardsh.model.policy import Policy
from guardsh.model.verdict import Caller, Decision, Reason, Verdict
from guardsh.policy.assess import assess
from guardsh.policy.case import GRAVEST_FIRST
from guardsh.policy.rules import ALSO, UNJUDGED
from guardsh.policy.standing import is_stopped
from guardsh.policy.summary import whom

_LISTED = 5  # other commands named beside the gravest


def gravest(verdicts: Sequence[Verdict]) -> int:
    """Which of them decides: the strictest, and of these the one on the gravest role."""
    return max(range(len(verdicts)), key=lambda index: (verdicts[index].decision, -_rank(verdicts[index]), -index))


def joined(verdicts: Sequence[Verdict]) -> Verdict:
    """The gravest verdict, which also says what the others would have said."""
    first = gravest(verdicts)
    others = [verdict for index, verdict in enumerate(verdicts) if index != first and verdict.summary]
    others.sort(key=lambda verdict: (-verdict.decision, _rank(verdict)))
    also = dict.fromkeys(Reason(ALSO, f"Also: {verdict.summary}") for verdict in others)
    more = len(also) - _LISTED
    counted = [Reason(ALSO, f"Also: {more} more.")] if more > 0 else []
    return replace(verdicts[first], reasons=(*verdicts[first].reasons, *list(also)[:_LISTED], *counted))


def on_whatever_runs(findings: Findings, node: Node) -> Findings:
    """Operands that are not known may lead to any instance that is not known to be stopped."""
    alive = [instance for instance in node.instances if not is_stopped(instance)]
    touches = tuple(tuple(_touch(instance, intent) for instance in alive) for intent in findings.intents)
    return replace(findings, node=node, touches=touches if alive else findings.touches)


def unsure(findings: Findings, caller: Caller, policy: Policy, doubt: str) -> Verdict:
    """The verdict on findings of ``on_whatever_runs``: what certainly would be refused is only asked about here."""
    verdict = assess(findings, caller, policy)
    if verdict.subject is None or not any(findings.touches):
        return verdict
    instance = findings.touches[0][0].instance
    decision = verdict.decision if verdict.unattended else min(verdict.decision, Decision.CHALLENGE)
    return replace(
        verdict,
        decision=decision,
        subject=replace(verdict.subject, only_copy=False),
        summary=f"{findings.intents[0].action} what is not known yet: {doubt}. This node carries {whom(instance)}.",
    )


def unjudged(findings: Findings, caller: Caller, policy: Policy, why: str) -> Verdict:
    """The verdict on a line of which nothing certain can be said: it may destroy whatever runs on this node."""
    verdict = unsure(findings, caller, policy, why)
    if verdict.subject is None:
        return verdict
    return replace(verdict, reasons=(Reason(UNJUDGED, f"The line could not be judged: {why}."), *verdict.reasons))


def _rank(verdict: Verdict) -> int:
    word = verdict.subject.word if verdict.subject else ""
    return GRAVEST_FIRST.index(word) if word in GRAVEST_FIRST else len(GRAVEST_FIRST)


def _touch(instance: Instance, intent: Intent) -> Touch:
    return Touch(instance, intent.effect, Part.ALL, (), 0, (instance.directory.place,))
