"""nvme-cli 2.3 (nvme-builtin.h): what erases a namespace, writes to it behind the file system, or takes it away."""

from __future__ import annotations

from guardsh.commands.device_words import on_paths, paths_among
from guardsh.model.intent import ANY_INSTANCE, Effect, Intent, Invocation

ERASING = frozenset(
    {
        *("format", "sanitize", "delete-ns", "write", "write-zeroes", "write-uncor", "copy", "dsm", "security-send"),
        *("admin-passthru", "io-passthru", "capacity-mgmt", "set-property", "lockdown", "rpmb"),
    }
)
TAKING_AWAY = frozenset({"detach-ns", "reset", "subsystem-reset", "disconnect", "disconnect-all"})
_EVERYWHERE = ("disconnect", "disconnect-all")  # by the name of a subsystem, if any


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """The first word is the command, or a vendor's plugin, of whose commands those that erase are called so."""
    words = invocation.arguments
    if not words or {"--help", "-h", "--dry-run", "-w"} & set(words[1:]):
        return ()
    verb = words[0]
    if verb in ERASING or _erases(words[1:2]):
        return on_paths(Effect.DISMANTLE, paths_among(words[1:]), f"nvme {verb} would erase")
    if verb in _EVERYWHERE:
        return (Intent(Effect.STOP, (ANY_INSTANCE,), f"nvme {verb} could take the drive away from under"),)
    if verb in TAKING_AWAY:
        return on_paths(Effect.STOP, paths_among(words[1:]), f"nvme {verb} would take the drive away from under")
    return ()


def _erases(verb: tuple[str, ...]) -> bool:
    """``nvme wdc purge``, ``nvme zns reset-zone``, ``nvme ocp …-format``"""
    return any(
        part in word for word in verb for part in ("purge", "format", "erase", "reset-zone", "sanitize", "resize")
    )
