"""What a path stands on, as rows: the layers of its stack, each a step further in."""

from __future__ import annotations

from collections.abc import Iterator

from guardsh.model.figures import size
from guardsh.model.observed import Unknown
from guardsh.model.stack import Kind, Layer, Stack
from guardsh.model.wording import Row

_SAID_BY_DETAIL = (Kind.FILE_SYSTEM, Kind.ARRAY, Kind.MEMORY, Kind.REMOTE, Kind.MISSING)


def tree(stack: Stack, label: str) -> Iterator[Row]:
    """``stands on``, the mount point, its file system; then what is beneath, down to the disks."""
    if isinstance(stack.top, Unknown):
        yield label, "not known", stack.top.why
        return
    top = stack.top.value
    yield label, top.name, _told(top)
    yield from _beneath(top, 0)


def _beneath(layer: Layer, depth: int) -> Iterator[Row]:
    yield from (("", "", doubt) for doubt in layer.doubts)
    for one in layer.below:
        yield "", f"{'  ' * depth}└ {one.name}", _told(one)
        yield from _beneath(one, depth + 1)


def _told(layer: Layer) -> str:
    kind = "" if layer.kind in _SAID_BY_DETAIL and layer.detail else layer.kind.value
    parts = (kind if kind != layer.role else "", layer.detail, "" if layer.size is None else size(layer.size))
    return "; ".join(part for part in (", ".join(filter(None, parts)), layer.role) if part)
