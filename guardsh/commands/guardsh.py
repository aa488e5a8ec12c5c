"""guardsh's own subcommands that take something away: they are judged, and ask, like any other command."""

from __future__ import annotations

from guardsh.model.intent import Effect, Extent, Intent, Invocation, Target

_ACTIONS = {
    ("clear",): "guardsh clear would move aside",
    ("moved", "purge"): "guardsh moved purge would delete for good",
}


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """The words as guardsh itself puts them together: the subcommand, and resolved paths."""
    for verbs, action in _ACTIONS.items():
        words = invocation.arguments
        if words[: len(verbs)] == verbs:
            targets = tuple(Target(path, Extent.TREE) for path in words[len(verbs) :])
            return (Intent(Effect.DELETE, targets, action),) if targets else ()
    return ()
