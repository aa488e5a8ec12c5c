"""What is said before a reboot: arrays, superblocks, jobs and mounts, with and without an instance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guardsh.model.boot import Assembly, Boot, Job, Obstacle
from guardsh.model.finding import Findings
from guardsh.model.node import Node
from guardsh.model.observed import Known, Unknown
from guardsh.model.storage import Array, Arrays, Health, Member, Progress
from guardsh.model.verdict import Caller, Decision, Verdict
from guardsh.policy.assess import assess
from guardsh.policy.config import builtin
from tests.decisions import described

ATTENDED = Caller(True, "", 0)
UNATTENDED = Caller(False, "no terminal", 0)
NOTHING_RUNS = Boot((), Known((), "/proc"), Known((), "/etc/fstab"))
SILENT = Unknown("no answer in 1.0 s")
MEMBERS = tuple(Member(f"sd{letter}1", slot, "in_sync") for slot, letter in enumerate("abcd"))
CLEAN = Array("md0", "raid10", Health.CLEAN, 4, 4, MEMBERS, None, "", "/proc/mdstat")
DEGRADED = replace(CLEAN, health=Health.DEGRADED, working=3, lone=("sda1",))
NO_HEADER = Assembly("md0", (Obstacle("the superblock of sdb1 is not there", "mdadm --examine /dev/sdb1"),))


def verdict(
    *arrays: Array, boot: Boot = NOTHING_RUNS, caller: Caller = ATTENDED, override: bool = False, **on: Any
) -> Verdict:
    return on_arrays(Known(arrays, "/proc/mdstat"), boot, caller, override=override, **on)


def on_arrays(arrays: Arrays, boot: Boot, caller: Caller = ATTENDED, *, override: bool = False, **on: Any) -> Verdict:
    found = described.findings({"effect": "reboot", "action": "reboot would reboot this machine", "on": [], **on})
    found = replace(found, node=replace(found.node, arrays=arrays, boot=boot))
    return assess(found, caller, builtin(), override=override)


def sentences(found: Verdict) -> list[str]:
    return [f"{reason.code}: {reason.sentence}" for reason in found.reasons]


def test_a_node_with_nothing_of_postgres_and_clean_arrays_reboots_in_silence() -> None:
    assert verdict(CLEAN).decision is Decision.ALLOW
    assert verdict(replace(CLEAN, health=Health.CHECKING)).decision is Decision.ALLOW
    named = replace(NOTHING_RUNS, assemblies=(Assembly("md0", remarks=("md0 is not in mdadm.conf",)),))
    assert verdict(CLEAN, boot=named).decision is Decision.ALLOW


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (DEGRADED, "array-degraded: md0 raid10 3 of 4 in sync, degraded; the loss of sda1 too would lose data."),
        (
            replace(CLEAN, health=Health.RECOVERING, working=3, progress=Progress(1, 2, 100, "", "recovery")),
            "array-degraded: md0 raid10 3 of 4 in sync, degraded, recovery 50 %, 0 s left.",
        ),
        (
            replace(CLEAN, health=Health.RESHAPING, previous=3, progress=Progress(42, 100, None, "", "reshape")),
            "array-busy: md0 raid10 reshape 42 % (4 members, was 3): let it end first.",
        ),
        (
            replace(CLEAN, health=Health.RESYNCING, progress=Progress(0, 0, None, "pending", "resync")),
            "array-busy: md0 raid10 4 of 4 in sync, resync pending: let it end first.",
        ),
        (
            replace(CLEAN, name="md127", level="", health=Health.INACTIVE, expected=None, working=0),
            "array-degraded: md127 inactive, 4 member devices.",
        ),
        (replace(CLEAN, doubts=("could not read x",)), "array-unknown: md0: could not read x."),
    ],
)
def test_arrays_ask_without_any_postgres(array: Array, said: str) -> None:
    found = verdict(array)
    assert found.decision is Decision.CHALLENGE
    assert sentences(found) == [said]
    assert found.phrase == "db-01 none"


def test_what_would_not_assemble_is_refused_and_says_what_to_look_at() -> None:
    boot = replace(NOTHING_RUNS, assemblies=(NO_HEADER,))
    found = verdict(CLEAN, boot=boot)
    assert found.decision is Decision.REFUSE
    assert sentences(found) == [
        "would-not-assemble: md0 would not come up whole: the superblock of sdb1 is not there.",
    ]
    assert found.hints == ("to see it: mdadm --examine /dev/sdb1",)
    assert verdict(CLEAN, boot=boot, override=True).decision is Decision.CHALLENGE
    assert verdict(CLEAN, boot=boot, caller=UNATTENDED).decision is Decision.REFUSE


def test_a_degraded_array_does_not_stop_automation() -> None:
    assert verdict(DEGRADED, caller=UNATTENDED).decision is Decision.NOTICE


@pytest.mark.parametrize(
    ("boot", "code"),
    [
        (replace(NOTHING_RUNS, jobs=Known((Job(7, "wal-g backup-fetch"),), "/proc")), "job-running"),
        (replace(NOTHING_RUNS, jobs=SILENT), "job-running"),
        (replace(NOTHING_RUNS, by_hand=Known(("/mnt/data",), "/etc/fstab")), "mounted-by-hand"),
        (replace(NOTHING_RUNS, by_hand=SILENT), "mounted-by-hand"),
        (replace(NOTHING_RUNS, assemblies=(Assembly("md0", doubts=("no answer in 1.0 s",)),)), "assembly-unknown"),
    ],
)
def test_what_asks(boot: Boot, code: str) -> None:
    found = verdict(CLEAN, boot=boot, on="running replica")
    assert found.decision is Decision.CHALLENGE
    assert [reason.code for reason in found.reasons] == ["live-replica", code, "only-replica"]


def test_unknown_arrays_ask() -> None:
    found = on_arrays(SILENT, NOTHING_RUNS)
    assert found.decision is Decision.CHALLENGE
    assert sentences(found) == ["array-unknown: Whether every array is healthy is not known: no answer in 1.0 s."]


def test_a_primary_whose_archive_fails() -> None:
    said = sentences(verdict(CLEAN, on="running primary", archive="failing"))
    assert "wal-not-archived: 1 204 segments of WAL are not archived, and on this host only." in said


def test_a_base_backup_that_another_host_takes() -> None:
    found = described.findings({"effect": "reboot", "on": "running replica"})
    (one,) = found.node.instances
    assert one.server is not None
    titles = ("walreceiver streaming 0/1", 'walsender postgres [local] sending backup "pg_basebackup base backup"')
    serving = replace(one, server=replace(one.server, titles=titles))
    decided = assess(with_node(found, replace(found.node, instances=(serving,))), ATTENDED, builtin())
    assert decided.decision is Decision.CHALLENGE
    assert "base-backup-taken" in [reason.code for reason in decided.reasons]


def with_node(found: Findings, node: Node) -> Findings:
    return replace(found, node=node)


def test_arrays_say_nothing_of_other_commands() -> None:
    found = described.findings({"effect": "stop", "on": "running replica"})
    found = with_node(found, replace(found.node, arrays=Known((DEGRADED,), "/proc/mdstat"), boot=NOTHING_RUNS))
    assert assess(found, ATTENDED, builtin()).decision is Decision.NOTICE
