"""The rules: each gives one reason, under a code that is stable and documented (docs/verdicts.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from guardsh.policy.case import Case, Ruling
from guardsh.policy.rules import command, instance, part, reboot, role_change

Rule: TypeAlias = Callable[[Case], Iterator[Ruling]]

# In the order in which their sentences are read.
RULES: dict[str, Rule] = {
    # what is touched
    "unseen": instance.unseen,
    "contents-unknown": instance.contents_unknown,
    "state-unknown": instance.state_unknown,
    "role-unknown": instance.role_unknown,
    "live-primary": instance.live_primary,
    "recovering": instance.recovering,
    "live-replica": instance.live_replica,
    "stopped-primary": instance.stopped_primary,
    "stopped-replica": instance.stopped_replica,
    "restored": instance.restored,
    "incomplete": instance.incomplete,
    "aborted": instance.aborted,
    "no-cluster": instance.no_cluster,
    "scratch": instance.scratch,
    "only-copy": instance.only_copy,
    "only-copy-unknown": instance.only_copy_unknown,
    "contradiction": instance.contradiction,
    # which part of it
    "disposable": part.disposable,
    "not-logs": part.not_logs,
    "redundancy": part.redundancy,
    "tablespace": part.tablespace,
    "link": part.link,
    "configuration": part.configuration,
    "foreign-file": part.foreign_file,
    "restore-target": part.restore_target,
    "signal-file": part.signal_file,
    # how its role would change
    "comes-up": role_change.comes_up,
    "no-source": role_change.no_source,
    "no-restore-command": role_change.no_restore_command,
    "already-primary": role_change.already_primary,
    "new-timeline": role_change.new_timeline,
    "not-archiving": role_change.not_archiving,
    # what a reboot would end, or not bring back
    "would-not-assemble": reboot.would_not_assemble,
    "array-degraded": reboot.array_degraded,
    "array-busy": reboot.array_busy,
    "array-unknown": reboot.array_unknown,
    "assembly-unknown": reboot.assembly_unknown,
    "assembles-differently": reboot.assembles_differently,
    "job-running": reboot.job_running,
    "base-backup-taken": reboot.base_backup_taken,
    "mounted-by-hand": reboot.mounted_by_hand,
    "wal-not-archived": reboot.wal_not_archived,
    "only-replica": reboot.only_replica,
    # the command itself
    "doubt": command.doubt,
    "note": command.note,
    "forbidden-version": command.forbidden_version,
    "version-unknown": command.version_unknown,
    "refuses-itself": command.refuses_itself,
    "taken-for-empty": command.taken_for_empty,
    "backups": command.backups,
}

# Given by the assessment of all cases together (assess.py).
OVERRIDDEN, UNATTENDED, ALSO = "overridden", "unattended", "also"
UNJUDGED = "unjudged"  # of a whole line (whole_line.py)

CODES = (*RULES, OVERRIDDEN, UNATTENDED, ALSO, UNJUDGED)


def rulings(case: Case) -> Iterator[tuple[str, Ruling]]:
    """Every code that applies to a case, with what it says."""
    for code, rule in RULES.items():
        for ruling in rule(case):
            yield code, ruling
