"""dd (coreutils 9, src/dd.c): the file or device that it would write to."""

from __future__ import annotations

from guardsh.commands.written import written
from guardsh.model.intent import Intent, Invocation


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Overwrite what ``of=`` names last. dd has no options but --help and --version, and refuses other words."""
    if any(
        len(word) > 2 and ("--help".startswith(word) or "--version".startswith(word)) for word in invocation.arguments
    ):
        return ()
    named = [word.removeprefix("of=") for word in invocation.arguments if word.startswith("of=")]
    return written(named[-1:], invocation, "dd would write to")
