"""Better ways than a salvage, where the data directory was insured beforehand: said before the question."""

from __future__ import annotations

from guardsh.remedies import farms


def other_ways(directory: str) -> tuple[str, ...]:
    """Sentences about what else could bring back the data directory that was at ``directory``; none: nothing could."""
    lost = farms.lost_from(directory)
    kept = f"It was insured, and {lost} of its files have a second name"
    return (f"{kept}: without its server, guardsh undo puts them back.",) if lost else ()
