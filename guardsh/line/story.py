"""The story of one line with guarded commands: judge each, ask once, look again, record, leave a grant."""

from __future__ import annotations

from collections.abc import Sequence

from guardsh import grant, guard, judge
from guardsh.commands.shell_found import Reading
from guardsh.judge import NO_WISHES, Case
from guardsh.model.verdict import Accepted, Rejected
from guardsh.system import terminal


def settle(reading: Reading, text: str, shell: int, functions: frozenset[str] = frozenset()) -> int:
    """Bring a line to its end with whoever is there; 0 where it may run. ``shell`` is the process that read it, with
    these ``functions``."""
    cases = guard.said_of(judge.line(reading, (text,)))
    if not cases:
        return 0
    from guardsh import aside

    met = all(judge.is_met(case.found, functions) for case in cases if case.starts)
    answer = guard.settle(cases, door=terminal.QuietTerminal, met=met)
    of_the_shell = [case for case in cases if not case.starts]  # what starts is kept when it does
    for case in cases:
        guard.record(case, NO_WISHES, answer)
    if isinstance(answer, Rejected) or (aside.by_person(answer) and not aside.kept(of_the_shell)):
        _discard_what_follows()
        return guard.REFUSED
    _leave(cases, answer, shell)
    return 0


def _leave(cases: Sequence[Case], answer: Accepted, pid: int) -> None:
    """Without a grant (no runtime directory, a full disk) the commands are asked about when they start.

    Redirections are the shell's own: nothing starts that would ask about them.
    """
    shell = grant.Shell.of(pid)
    permits = [guard.as_permit(case, answer.answer) for case in cases if case.starts]
    if shell is None or not permits:
        return
    try:
        grant.leave(permits, shell)
    except OSError:
        return


def _discard_what_follows() -> None:
    """What was typed or pasted behind a line that does not run was meant for after it."""
    try:
        with terminal.QuietTerminal() as typed, typed.cooked():
            pass
    except (OSError, terminal.NoAnswer):
        return
