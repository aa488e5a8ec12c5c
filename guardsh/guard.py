"""The story of one guarded command, told once: understand, observe, assess, ask, observe again, record, run."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, replace

from guardsh import commands, grant
from guardsh.audit import trail
from guardsh.commands.prefixes import peel
from guardsh.model.event import Event, Outcome
from guardsh.model.finding import Findings
from guardsh.model.intent import Intent, Invocation, TextOf
from guardsh.model.policy import Policy
from guardsh.model.verdict import Accepted, Caller, Decision, Rejected, Verdict
from guardsh.observe import findings as observation
from guardsh.observe import texts
from guardsh.policy import config
from guardsh.policy.assess import assess
from guardsh.policy.change import what_changed
from guardsh.screen import dialogue, report, saying
from guardsh.system import program, terminal
from guardsh.system.apart import Deadline

REFUSED = 77  # EX_NOPERM


@dataclass(frozen=True, slots=True)
class Wishes:
    """What `guardsh run` was told beside the command."""

    confirm: str | None = None  # "HOST ROLE"
    override: str | None = None  # the reason, for the record
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One command, understood and looked at, with what was decided."""

    words: tuple[str, ...]
    invocation: Invocation
    intents: tuple[Intent, ...]
    policy: Policy
    caller: Caller
    findings: Findings
    verdict: Verdict


def command(words: list[str], raw: list[bytes], wishes: Wishes | None = None) -> int:
    """Guard one command and become it; the exit status where it is not run.

    ``raw`` are the same words as the kernel has them: they are what runs.
    """
    wishes = wishes or Wishes()
    if wishes.dry_run:
        sys.stdout.write("\n".join(report.verdict(judge(words, wishes).verdict)) + "\n")
        return 0
    return program.become(raw) if may_run(words, wishes) else REFUSED


def may_run(words: list[str], wishes: Wishes | None = None) -> bool:
    """Bring one command to its verdict, with whoever is there, and on record: whether it may run, now."""
    wishes = wishes or Wishes()
    case = judge(words, wishes)
    if case.verdict.decision is Decision.ALLOW:
        return True
    answer = _granted(case, wishes) or _settle(case, wishes)
    recorded = record(case, wishes, answer)
    if isinstance(answer, Rejected):
        return False
    if not recorded and wishes.override is not None:
        saying.say(["guardsh: an override must go on record, and no audit trail can be written; not run"])
        return False
    return True


def judge(words: list[str], wishes: Wishes, caller: Caller | None = None) -> Case:
    """Understand a command, look at what it would touch, and decide. Nothing is asked and nothing runs."""
    return judge_invocation(tuple(words), peel(tuple(words), _working_directory(), dict(os.environ)), wishes, caller)


def judge_invocation(
    words: tuple[str, ...], invocation: Invocation, wishes: Wishes, caller: Caller | None = None
) -> Case:
    """The same of a command that has been found in ``words`` already."""
    policy = _policy()
    invocation, intents = _understood(_here(invocation), policy)
    findings = observation.look(intents, invocation, policy)
    caller = caller or terminal.caller()
    if wishes.confirm is not None and wishes.override is None:
        caller = replace(caller, attended=True)  # somebody has answered beforehand; an override takes a person now
    verdict = assess(findings, caller, policy, override=wishes.override is not None)
    return Case(words, invocation, intents, policy, caller, findings, verdict)


def _here(invocation: Invocation) -> Invocation:
    """Where the prefixes lead, as a path: after sudo -i it is the other account's home."""
    return replace(invocation, cwd=os.path.expanduser(invocation.cwd))


def _understood(invocation: Invocation, policy: Policy) -> tuple[Invocation, tuple[Intent, ...]]:
    """What the command would do; files that tell it (psql -f) are read first, and then those that they name."""
    deadline = Deadline(policy.deadline)
    while True:
        intents = commands.understand(invocation)
        asked = {each for intent in intents for each in intent.questions if isinstance(each, TextOf)}
        if not asked - invocation.texts.keys():
            return invocation, intents
        read = texts.read(asked - invocation.texts.keys(), invocation.cwd, deadline)
        invocation = replace(invocation, texts={**invocation.texts, **read})


def _working_directory() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it has been removed: only absolute paths lead anywhere
        return "/proc/self/cwd"


def as_permit(case: Case, answer: str = "") -> grant.Permit:
    """What a grant says of this command."""
    touched = (place for touches in case.findings.touches for touch in touches for place in touch.places)
    return grant.Permit(
        name=case.invocation.name,
        arguments=case.invocation.arguments,
        decision=int(case.verdict.decision),
        phrase=case.verdict.phrase if case.verdict.subject else "",
        targets=tuple(sorted({(place.path, *(place.identity or (-1, -1))) for place in touched})),
        answer=answer,
    )


def _granted(case: Case, wishes: Wishes) -> Accepted | None:
    """The answer that was given for the whole line (guardsh/line), where it holds for what is seen now.

    A command in the background may have it, too: the question was put before it began.
    """
    if wishes != Wishes():
        return None
    attended = replace(case.caller, attended=True)
    as_asked = replace(case, caller=attended, verdict=assess(case.findings, attended, case.policy))
    answer = grant.use(as_permit(as_asked))
    return None if answer is None else Accepted(answer)


def _settle(case: Case, wishes: Wishes) -> Accepted | Rejected:
    """Bring a verdict that is not ALLOW to its end with whoever is there: say, ask, or refuse."""
    verdict = case.verdict
    if verdict.decision is Decision.NOTICE:
        saying.say([report.notice(verdict)])
        return Accepted("")
    if verdict.decision is Decision.REFUSE:
        saying.refuse(verdict, case.words)
        return Rejected("", "refused: nobody to ask" if verdict.unattended else "refused")
    answer = _ask(case) if wishes.confirm is None else _confirmed(verdict, wishes.confirm)
    if isinstance(answer, Rejected):
        return answer
    changed = _look_again(case, wishes)
    if changed:
        saying.say([f"guardsh: {changed}; not run"])
        return Rejected(answer.answer, changed)
    return answer


def _ask(case: Case) -> Accepted | Rejected:
    with terminal.Terminal() as asking:
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


def _look_again(case: Case, wishes: Wishes) -> str:
    """Observe once more, immediately before running: the sentence that voids the answer, or nothing."""
    findings = observation.look(case.intents, case.invocation, case.policy)
    verdict = assess(findings, case.caller, case.policy, override=wishes.override is not None)
    return what_changed(case.findings, findings, case.verdict, verdict)


def _policy() -> Policy:
    """The configuration; where it cannot be used, what guardsh came with, said on the terminal."""
    try:
        return config.load()
    except config.ConfigurationError as error:
        saying.say([f"guardsh: the configuration is not used, built-in policy instead: {error.problems[0]}"])
        return config.builtin()


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
