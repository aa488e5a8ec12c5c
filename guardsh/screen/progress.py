"""What moves on the arrays of this node, and what guardsh copies, as bars: `guardsh progress` as lines."""

from __future__ import annotations

from guardsh.model.figures import duration, size
from guardsh.model.storage import Array, Progress
from guardsh.screen.plain import safe
from guardsh.system.under_way import UnderWay

_WIDEST, _NARROWEST = 40, 10  # columns of a bar


def bars(arrays: tuple[Array, ...], copies: tuple[UnderWay, ...], width: int) -> list[str]:
    """One line for each array on which something is under way, or ought to be, and for each copy; none where nothing
    is."""
    moving = [(f"{each.name} {each.progress.action}", each.progress) for each in arrays if each.progress is not None]
    moving += [(each.what, each.progress) for each in copies]
    labels = [safe(label) for label, _ in moving]
    widest = max(map(len, labels), default=0)
    return [line(label.ljust(widest), progress, width) for label, (_, progress) in zip(labels, moving, strict=True)]


def line(label: str, progress: Progress, width: int) -> str:
    """One bar of at most ``width`` columns, with share, rate and time left."""
    figures = _figures(progress)
    room = min(_WIDEST, width - len(label) - len(figures) - 6)
    if not progress.total or room < _NARROWEST:
        return f"{label}  {figures}"
    return f"{label}  [{_bar(progress.fraction, room)}]  {figures}"


def _bar(fraction: float, room: int) -> str:
    """
    >>> _bar(0.5, 10), _bar(0.0, 10), _bar(1.0, 10)
    ('=====>....', '>.........', '==========')
    """
    done = int(min(1.0, fraction) * room)
    return ("=" * done + ">").ljust(room, ".")[:room]


def _figures(progress: Progress) -> str:
    left = progress.seconds_left
    parts = (
        f"{progress.fraction * 100:5.1f} %" if progress.total else "",
        progress.held,
        f"{size(progress.kib_per_second * 1024)}/s" if progress.kib_per_second and not progress.held else "",
        f"{duration(left)} left" if left is not None else "",
    )
    return "  ".join(part for part in parts if part)
