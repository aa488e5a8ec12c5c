"""11:17, 13:53, 16:11 and 09:21 of the next day: what the arrays were like, on captured states of real ones.

The running instance is a described one: no server can run on an array that this machine's kernel has no driver for.
The lab in tests/storage/lab has both.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from guardsh.commands import mdadm, power
from guardsh.model.finding import Findings, Part, Touch
from guardsh.model.intent import Effect, Intent, Invocation, Target
from guardsh.model.node import Node
from guardsh.model.verdict import Decision, Verdict
from guardsh.observe import boot, devices, storage, touching
from guardsh.policy.assess import assess
from guardsh.policy.config import builtin
from guardsh.policy.node_state import node_state
from guardsh.screen import segment
from guardsh.screen.status import status
from guardsh.system.apart import Deadline
from tests.decisions import described
from tests.storage.test_assembly import CRITICAL, block, disk, laid_out
from tests.storage.trees import unpack, unpack_stack

PRIMARY = {"on": "running primary", "standbys": 1}


def here(root: str) -> Node:
    """db-02: a running primary, and the arrays of the tree."""
    return replace(described.findings({**PRIMARY, "host": "db-02"}).node, arrays=storage.arrays(root))


def verdict(node: Node, intents: tuple[Intent, ...], touches: tuple[tuple[Touch, ...], ...]) -> Verdict:
    seen = Findings(node, intents, touches, ((),) * len(intents))
    return assess(seen, described.caller({}), builtin())


def rebooted(node: Node, root: str) -> Verdict:
    intents = power.understand(Invocation(("reboot",), "/", {}))
    node = replace(node, boot=boot.look(node.arrays, (), Deadline(20.0), root))
    touches = tuple(Touch(each, Effect.REBOOT, Part.ALL, (), 0, ()) for each in node.instances)
    return verdict(node, intents, (touches,))


def reasons(verdict: Verdict) -> str:
    return "\n".join(f"{reason.code}: {reason.sentence}" for reason in verdict.reasons)


def test_row_1_a_member_device_vanished(tmp_path: Path) -> None:
    node = here(unpack("nvme-drive-vanished-idle", tmp_path))
    assert segment.text("db-02", node_state(node)) == "db-02 PRIMARY md0 degraded 3/4"
    shown = "\n".join(status(node, 120))
    assert "raid10 3 of 4 in sync, degraded" in shown
    assert "nvme1n1    vanished" in shown
    assert "the loss of nvme0n1 too would lose data" in shown


def test_row_4_a_reboot_with_a_degraded_array_and_a_header_that_is_gone(tmp_path: Path) -> None:
    root = laid_out("degraded", tmp_path)
    asked = rebooted(here(str(root)), str(root))
    assert asked.decision is Decision.CHALLENGE
    assert "md0 raid10 3 of 4 in sync, degraded; the loss of ubda too would lose data." in reasons(asked)
    disk(root / "dev/ubda", bytes(4096))
    refused = rebooted(here(str(root)), str(root))
    assert refused.decision is Decision.REFUSE
    assert "the superblock of ubda (member 0 of md0) is not there; too few members would be found" in reasons(refused)
    assert "to see it: mdadm --examine /dev/ubda, mdadm --detail /dev/md0" in refused.hints


@pytest.mark.parametrize(
    "line",
    [
        "--zero-superblock /dev/ubda",
        "/dev/md0 --fail ubda",
        "/dev/md0 --fail /dev/ubda --remove /dev/ubda",
        "--create /dev/md1 -l1 -n2 /dev/ubda missing",
    ],
)
def test_row_5_the_partner_of_the_member_that_is_gone(line: str, tmp_path: Path) -> None:
    verdict = dismantled("degraded-lvm", line, tmp_path)
    assert verdict.decision is Decision.REFUSE
    assert "member 0 of md0, under vg0/pgdata, under " in verdict.summary
    assert "This destroys data: without ubda, while slot 1 is missing, md0 has no copy of some of it." in reasons(
        verdict
    )


@pytest.mark.parametrize("line", ["--zero-superblock /dev/ubdd", "/dev/md0 --fail /dev/ubdd"])
def test_row_5_a_member_whose_partner_is_there(line: str, tmp_path: Path) -> None:
    verdict = dismantled("degraded-lvm", line, tmp_path)
    assert verdict.decision is Decision.CHALLENGE
    assert "md0 keeps all data, with less redundancy, without ubdd." in reasons(verdict)


def dismantled(state: str, line: str, tmp_path: Path) -> Verdict:
    """On the only copy: a primary without a replica, whose data directory stands on the array."""
    root, data = unpack_stack(state, tmp_path / "root"), tmp_path / "data"
    (data / "postgresql-14").mkdir(parents=True)
    mountinfo = Path(root, "proc/self/mountinfo")
    mountinfo.write_text(mountinfo.read_text().replace("/mnt/data", str(data)))
    intents = mdadm.understand(Invocation(("mdadm", *line.split()), "/", {}))
    [instance] = described.findings({"on": "running primary", "directory": f"{data}/postgresql-14"}).node.instances
    look = devices.Look(intents, "/", Deadline(20.0), root)
    touches = []
    for intent in intents:
        reached = [each for target in _devices(intent) for each in look.reached(target, intent.effect, [])]
        found = touching.touched(reached, instance.directory)
        touches.append((touching.touch(intent, found, instance),) if found else ())
    return verdict(replace(here(root), instances=(instance,)), intents, tuple(touches))


def _devices(intent: Intent) -> list[Target]:
    return [target for target in intent.targets if isinstance(target, Target)]


def with_rules(state: str, tmp_path: Path) -> str:
    """What Debian's mdadm installs: members are offered to it as they appear."""
    rules = tmp_path / "lib/udev/rules.d/64-md-raid-assembly.rules"
    rules.parent.mkdir(parents=True)
    rules.touch()
    return unpack(state, tmp_path)


def test_row_19_a_reboot_in_the_middle_of_a_reshape(tmp_path: Path) -> None:
    node = here(with_rules("reshaping", tmp_path))
    asked = rebooted(node, str(tmp_path))
    assert asked.decision is Decision.CHALLENGE
    assert "array-busy: md0 raid10 reshape 12 %" in reasons(asked)
    assert "let it end first" in reasons(asked)
    assert segment.text("db-01", node_state(node)).startswith("db-01 PRIMARY md0 reshape 12 % ")


def test_row_19_after_it_everything_looks_clean_but_for_two_figures(tmp_path: Path) -> None:
    node = here(with_rules("reshape-crashed-reassembled", tmp_path))
    asked = rebooted(node, str(tmp_path))
    assert asked.decision is Decision.CHALLENGE
    assert "array-busy: md0 raid10 reshape interrupted" in reasons(asked)


def test_row_19_its_critical_section(tmp_path: Path) -> None:
    root = laid_out("clean", tmp_path)
    (root / "sys/block/md0/md/level").write_text("raid5\n")
    (root / "sys/block/md0/md/uuid").write_text("c6ed00fe-d2da-3d9d-6964-6b789d7d0dc0\n")
    (root / "proc/mdstat").write_text((root / "proc/mdstat").read_text().replace("raid10", "raid5"))
    for name in ("ubda", "ubdb", "ubdc", "ubdd"):
        disk(root / "dev" / name, block("raid5-in-place"))
    refused = rebooted(here(str(root)), str(root))
    assert refused.decision is Decision.REFUSE
    assert CRITICAL in reasons(refused)
