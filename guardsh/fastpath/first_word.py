"""Tools that monitoring runs every minute, and whose first word says that they only look. Light, as all of it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# What the grammar of each, in guardsh.commands, reads as nothing whatever follows (tests/unit/test_first_words.py).
LOOKS = {
    "btrfs": frozenset({"balance", "filesystem", "inspect-internal", "property", "qgroup", "quota", "scrub", "send"}),
    "mdadm": frozenset({"--detail", "--examine", "--monitor", "--query", "-D", "-E", "-F", "-Q"}),
    "nvme": frozenset({"error-log", "get-feature", "get-log", "id-ctrl", "id-ns", "list", "list-subsys", "smart-log"}),
    "zfs": frozenset({"get", "hold", "holds", "list", "send", "snapshot", "userspace", "version"}),
    "zpool": frozenset({"events", "get", "history", "iostat", "list", "scrub", "status", "trim", "version"}),
}


def looks(name: str, arguments: Sequence[str]) -> bool:
    return bool(arguments) and arguments[0] in LOOKS[name]
