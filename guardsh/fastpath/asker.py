"""Who asks: what Postgres or its HA manager run themselves passes. Light, as the whole package."""

from __future__ import annotations

import os

from guardsh.fastpath import rm
from guardsh.fastpath.places import SERVERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHELLS = ("bash", "dash", "ksh", "sh", "zsh")
_OF_THE_SERVER = ("pg_archivecleanup", "pgbackrest", "wal-g")  # its archive and restore commands
_HA_MANAGERS = ("patroni", "pg_autoctl", "repmgrd", "stolon-keeper")


def is_server_or_manager(name: str, arguments: Sequence[str]) -> bool:
    """Whether an HA manager runs this, or Postgres itself (archive_command, restore_command).

    A server never has a reason to remove a tree or to stop itself: that stays with the engine even then.
    """
    recursive, operands = rm.words(arguments)
    harmless_for_server = name in _OF_THE_SERVER or (name == "rm" and operands is not None and not recursive)
    return any(
        _is_ha_manager(comm, words) or (comm in SERVERS and harmless_for_server)
        for comm, words in _lineage()
        if os.path.basename(words[0]) not in _SHELLS  # a shell's script has any name that somebody gave it
    )


def _is_ha_manager(comm: str, words: list[str]) -> bool:
    """By its own name, or by its script's where an interpreter runs it; never by what somebody else has open."""
    script = words[1] if len(words) > 1 and os.path.basename(words[0]).startswith("python") else ""
    return comm in _HA_MANAGERS or os.path.basename(script) in _HA_MANAGERS


def _lineage() -> Iterator[tuple[str, list[str]]]:
    """Name and words of the processes above this one, up to process 1."""
    pid = os.getppid()
    while pid > 1:
        with open(f"/proc/{pid}/stat", "rb") as file:
            data = os.fsdecode(file.read())
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = os.fsdecode(file.read()).split("\0")
        yield data[data.index("(") + 1 : data.rindex(")")], words
        pid = int(data[data.rindex(")") + 2 :].split()[1])
