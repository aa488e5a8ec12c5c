"""What a prompt says of insurance: that a deletion was healed, and that what should be followed is not."""

from __future__ import annotations

from dataclasses import replace

from guardsh.model.node_state import NodeState
from guardsh.remedies import insured

_TOLD = 3600.0  # seconds for which a prompt says that a deletion was healed
_HEALED, _FAILING = "deletion-healed", "insurance-failing"


def with_insurance(state: NodeState, now: float) -> NodeState:
    """The same state, with the flags of insurance as they are ``now``, in seconds since the epoch."""
    others = tuple(flag for flag in state.flags if flag not in (_HEALED, _FAILING))
    return replace(state, flags=(*others, *_flags(now)))


def _flags(now: float) -> list[str]:
    try:
        wanted = insured.wanted()
    except (OSError, ValueError):
        return [_FAILING]
    if not wanted:
        return []
    reports = {report.directory: report for report in insured.reports() if report.directory in wanted}
    healed = any(report.healed is not None and now - report.healed < _TOLD for report in reports.values())
    failing = any(_fails(reports.get(directory)) for directory in wanted)
    return [flag for flag, holds in ((_HEALED, healed), (_FAILING, failing)) if holds]


def _fails(report: insured.Report | None) -> bool:
    """A directory without a server needs nobody to follow it."""
    return report is None or not report.is_fresh or (report.server is not None and bool(report.trouble))
