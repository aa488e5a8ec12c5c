"""Waiting for descriptors: poll(2), since select(2) knows none above 1 023."""

from __future__ import annotations

import select
from collections.abc import Iterable


def ready(descriptors: Iterable[int], seconds: float) -> frozenset[int]:
    """Those of them that have something to say, after so many seconds at the latest."""
    waiting = select.poll()
    for descriptor in descriptors:
        waiting.register(descriptor, select.POLLIN)
    return frozenset(descriptor for descriptor, _ in waiting.poll(seconds * 1000))
