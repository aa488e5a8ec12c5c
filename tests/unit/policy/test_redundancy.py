"""A member of an array is not the array: what redundancy makes of the verdict on a command that takes one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guardsh.model.finding import Findings
from guardsh.model.stack import Loss
from guardsh.model.verdict import Decision, Verdict
from guardsh.policy.assess import assess
from guardsh.policy.change import what_changed
from guardsh.policy.config import builtin
from tests.decisions import described

SPARED = Loss(True, "md0 keeps all data, with less redundancy, without nvme3n1p2.")
DESTROYED = Loss(
    False, "This destroys data: without nvme3n1p2, while slot 2 is missing, md0 has no copy of some of it."
)
WAY = "member 3 of md0, under vg0/data, under /mnt/data"


def findings(loss: Loss | None, **figures: object) -> Findings:
    found = described.findings({"effect": "dismantle", "action": "mdadm --zero-superblock would overwrite", **figures})
    touches = tuple(tuple(replace(one, loss=loss, how=WAY) for one in each) for each in found.touches)
    return replace(found, touches=touches)


def verdict(loss: Loss | None, **figures: object) -> Verdict:
    return assess(findings(loss, **figures), described.caller({}), builtin())


@pytest.mark.parametrize(
    ("loss", "standbys", "decision"),
    [
        (DESTROYED, 0, Decision.REFUSE),
        (None, 0, Decision.REFUSE),
        (SPARED, 0, Decision.CHALLENGE),
        (DESTROYED, 1, Decision.CHALLENGE),
        (SPARED, 1, Decision.CHALLENGE),
    ],
)
def test_only_what_destroys_the_only_copy_is_refused(loss: Loss | None, standbys: int, decision: Decision) -> None:
    assert verdict(loss, on="running primary", standbys=standbys).decision is decision


def test_what_is_said() -> None:
    spared, destroyed = (verdict(loss, on="running primary") for loss in (SPARED, DESTROYED))
    of_it = f"the data directory of a running primary ({WAY})."
    assert spared.summary == f"mdadm --zero-superblock would overwrite a device under {of_it}"
    assert destroyed.summary == f"mdadm --zero-superblock would overwrite {of_it}"
    assert SPARED.sentence in [reason.sentence for reason in spared.reasons]
    assert [reason.code for reason in destroyed.reasons if reason.sentence == DESTROYED.sentence] == ["redundancy"]


def test_a_standby_whose_disks_are_spared_still_counts() -> None:
    """The primary's device holds all its data, that of the replica on the same node has a mirror."""
    both = {"on": [{"on": "running primary", "standbys": 1}, {"on": "running replica"}]}
    found = findings(None, **both)
    primary, replica = found.touches[0]

    def decided(*losses: Loss | None) -> Decision:
        touches = tuple(replace(one, loss=loss) for one, loss in zip((primary, replica), losses, strict=True))
        return assess(replace(found, touches=(touches,)), described.caller({}), builtin()).decision

    assert decided(None, None) is Decision.REFUSE
    assert decided(None, SPARED) is Decision.CHALLENGE


def test_a_member_lost_during_the_question_voids_the_answer() -> None:
    before, after = (findings(loss, on="running replica") for loss in (SPARED, DESTROYED))
    same = verdict(SPARED, on="running replica")
    sentence = what_changed(before, after, same, same)
    assert sentence.startswith("the disks under ")
    assert sentence.endswith(DESTROYED.sentence.rstrip("."))
