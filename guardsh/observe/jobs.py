"""Processes that make or restore a copy of an instance: what a reboot would cut short."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice

from guardsh.model.boot import Job
from guardsh.system import proc

_AS_MANY_AS_ANYONE_READS = 8
# Programs that do nothing else, and the verbs of those that do other things too.
_ALWAYS = frozenset(
    {"pg_basebackup", "pg_rewind", "pg_combinebackup", "pg_upgrade", "pg_restore", "pg_dump", "pg_dumpall"}
)
_VERBS = {
    "wal-g": frozenset({"backup-push", "backup-fetch", "catchup-push", "catchup-fetch", "catchup-receive"}),
    "pgbackrest": frozenset({"backup", "restore"}),
    "barman": frozenset({"backup", "recover", "restore"}),
    "barman-cloud-backup": frozenset(),
    "barman-cloud-restore": frozenset(),
    "repmgr": frozenset({"clone", "rejoin"}),
}
_INTERPRETERS = ("python", "perl")  # barman and its kin are scripts


def jobs(root: str = "/proc") -> tuple[Job, ...]:
    """The first of them, by process id."""
    return tuple(islice(_jobs(root), _AS_MANY_AS_ANYONE_READS))


def _jobs(root: str) -> Iterator[Job]:
    for process in sorted(proc.processes(root), key=lambda each: each.pid):
        if name := job(proc.words(process.pid, root)):
            yield Job(process.pid, name)


def job(words: Sequence[str]) -> str:
    """What the words of a process make of it: ``wal-g backup-fetch``; "" where it is none of these.

    >>> job(["/opt/wal-g/wal-g", "--turbo", "backup-fetch", "/mnt/data"]), job(["wal-g", "wal-push", "x"])
    ('wal-g backup-fetch', '')
    >>> job(["/usr/bin/python3", "/usr/bin/barman", "recover", "main", "latest", "/mnt"]), job(["pg_rewind", "-D", "x"])
    ('barman recover', 'pg_rewind')
    """
    if len(words) > 1 and os.path.basename(words[0]).startswith(_INTERPRETERS):
        words = words[1:]
    name = os.path.basename(words[0]) if words else ""
    if name in _ALWAYS:
        return name
    verbs = _VERBS.get(name)
    if verbs is None:
        return ""
    verb = next((word for word in words[1:] if word in verbs), "")
    return name if not verbs else f"{name} {verb}" if verb else ""
