"""Better ways than a salvage, where the data directory was insured beforehand: said before the question."""

from __future__ import annotations


def other_ways(directory: str) -> tuple[str, ...]:
    """Sentences about what else could bring back the data directory that was at ``directory``; none: nothing could.

    A farm of hard links beside it, a snapshot or a directory that was moved aside would each be one (`guardsh undo`).
    """
    del directory
    return ()
