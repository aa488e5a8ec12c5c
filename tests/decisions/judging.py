"""What guardsh says to a whole line, as `guardsh check --line` does."""

from __future__ import annotations

from guardsh import judge
from guardsh.line import entrance
from guardsh.model.verdict import Caller, Decision, Verdict


def verdict_on(line: str, caller: Caller) -> Verdict:
    """The joined verdict on a line typed where this process stands; nothing is said where it runs nothing guarded."""
    cases = judge.line(entrance.typed(line), (line,), caller=caller)
    return judge.together(cases).verdict if cases else Verdict(Decision.ALLOW, "db-01", None, "", ())
