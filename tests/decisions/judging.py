"""What guardsh says to a whole line, as `guardsh check --line` does."""

from __future__ import annotations

from guardsh import judge
from guardsh.line import entrance
from guardsh.line.handed import Handed
from guardsh.model.verdict import Caller, Decision, Verdict
from guardsh.policy import whole_line


def verdict_on(line: str, caller: Caller) -> Verdict:
    """The joined verdict on a line typed where this process stands; nothing is said where it touches nothing."""
    cases = judge.line(entrance.read(Handed(line, {}, {}, frozenset()), "bash"), (line,), caller=caller)
    if not cases:
        return Verdict(Decision.ALLOW, "db-01", None, "", ())
    return whole_line.joined([case.verdict for case in cases])
