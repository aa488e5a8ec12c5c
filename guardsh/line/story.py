"""The story of one line with guarded commands: judge each, ask once, look again, record, leave a grant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from guardsh import grant, guard
from guardsh.commands.shell_line import Found
from guardsh.guard import REFUSED, Case, Wishes
from guardsh.model.verdict import Accepted, Decision, Reason, Rejected
from guardsh.observe import node
from guardsh.policy import whole_line
from guardsh.policy.change import what_changed
from guardsh.screen import dialogue, report, saying
from guardsh.system import terminal
from guardsh.system.apart import Deadline

_NO_WISHES = Wishes()


def settle(found: Sequence[Found], shell: int) -> int:
    """Bring a line to its end with whoever is there; 0 where it may run. ``shell`` is the process that read it."""
    judged = [(each, case) for each in found if (case := _judge(each)).verdict.decision is not Decision.ALLOW]
    if not judged:
        return 0
    cases = [case for _, case in judged]
    answer = _answer(_together(cases))
    if isinstance(answer, Accepted) and answer.answer:
        answer = _still(judged, answer)
    for case in cases:
        guard.record(case, _NO_WISHES, answer)
    if isinstance(answer, Rejected):
        _discard_what_follows()
        return REFUSED
    _leave(cases, answer, shell)
    return 0


def _judge(found: Found) -> Case:
    case = guard.judge_invocation(found.typed, found.invocation, _NO_WISHES)
    if found.note and case.verdict.subject:
        case = replace(case, verdict=replace(case.verdict, reasons=(*case.verdict.reasons, Reason("note", found.note))))
    return _unsure(case, found.doubts[0]) if found.doubts and case.intents else case


def _unsure(case: Case, doubt: str) -> Case:
    """What the operands may turn out to be counts, and what is known of them, whichever is graver."""
    seen = node.look(case.policy.data_directories, case.policy.connections, Deadline(case.policy.deadline))
    findings = whole_line.on_whatever_runs(case.findings, seen)
    verdict = whole_line.unsure(findings, case.caller, case.policy, doubt)
    if whole_line.gravest([verdict, case.verdict]) == 1:
        return case
    return replace(case, findings=findings, verdict=verdict)


def _together(cases: Sequence[Case]) -> Case:
    """The gravest, with a verdict that speaks for all."""
    verdicts = [case.verdict for case in cases]
    return replace(cases[whole_line.gravest(verdicts)], verdict=whole_line.joined(verdicts))


def _answer(case: Case) -> Accepted | Rejected:
    verdict = case.verdict
    if verdict.decision is Decision.NOTICE:
        saying.say([report.notice(verdict)])
        return Accepted("")
    if verdict.decision is Decision.REFUSE:
        saying.refuse(verdict, case.words)
        return Rejected("", "refused: nobody to ask" if verdict.unattended else "refused")
    with terminal.QuietTerminal() as asking:
        return dialogue.ask(asking, verdict, case.policy.patience, case.policy.paint)


def _still(judged: Sequence[tuple[Found, Case]], answer: Accepted) -> Accepted | Rejected:
    """Look at everything once more, immediately before the line runs."""
    for found, before in judged:
        now = _judge(found)
        changed = what_changed(before.findings, now.findings, before.verdict, now.verdict)
        if changed:
            saying.say([f"guardsh: {changed}; not run"])
            return Rejected(answer.answer, changed)
    return answer


def _leave(cases: Sequence[Case], answer: Accepted, pid: int) -> None:
    """Without a grant (no runtime directory, a full disk) the commands are asked about when they start."""
    shell = grant.Shell.of(pid)
    if shell is None:
        return
    try:
        grant.leave([guard.as_permit(case, answer.answer) for case in cases], shell)
    except OSError:
        return


def _discard_what_follows() -> None:
    """What was typed or pasted behind a line that does not run was meant for after it."""
    try:
        with terminal.QuietTerminal() as typed, typed.cooked():
            pass
    except (OSError, terminal.NoAnswer):
        return
