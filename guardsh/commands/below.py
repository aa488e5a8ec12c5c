"""Operands that stand for whatever lies below a directory: ``find DIR -exec rm {} +``, ``find DIR | xargs rm``."""

from __future__ import annotations

from dataclasses import replace

from guardsh.model.intent import Configured, Extent, Intent, Target

_WHAT_IS_BELOW = {Extent.ENTRY: Extent.TREE, Extent.EMPTY: Extent.TREE}


def reaching(intents: tuple[Intent, ...], below: tuple[str, ...]) -> tuple[Intent, ...]:
    """The intents, with those targets as the whole trees: which of their entries it will be is not known."""
    return tuple(
        replace(intent, targets=tuple(_widened(target, below) for target in intent.targets)) for intent in intents
    )


def _widened(target: Target | Configured, below: tuple[str, ...]) -> Target | Configured:
    """``DIR.bak``, from ``{}.bak``, stands for any ``DIR/….bak``."""
    for directory in below:
        if isinstance(target, Target) and target.path.startswith(directory.rstrip("/") or "/"):
            return replace(target, path=directory, extent=_WHAT_IS_BELOW.get(target.extent, target.extent))
    return target
