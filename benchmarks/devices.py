"""`guardsh status` where there are hundreds of block devices, and thousands of loop devices with snaps on them.

The devices are files below a root: a generated /sys and /proc. What is asked of servers by SQL is not in it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.race import Program, race

ARRAYS, MEMBERS, LOOPS = 50, 8, 2_000  # with a volume on each array: 500 devices that are no loops
_ATTRIBUTES = {
    "level": "raid10",
    "raid_disks": str(MEMBERS),
    "layout": "258",
    "metadata_version": "1.2",
    "array_state": "clean",
    "sync_action": "idle",
    "reshape_position": "none",
    "degraded": "0",
}
_STATUS = """
import sys
from guardsh.cli import status
from guardsh.observe import boot, node, stack
from guardsh.policy import config
from guardsh.system.apart import Deadline
root, directory, policy = sys.argv[1], sys.argv[2], config.builtin()
deadline = Deadline(policy.deadline)
seen = node.look((directory,), (), deadline, root=root, sizes=True)
seen = boot.ahead(stack.beneath(seen, deadline, root), deadline, root)
assert "array" in status._shown(seen, False)
assert "no answer" not in status._shown(seen, False), status._shown(seen, False)
"""


def status(scratch: Path) -> list[str]:
    """The aim: within 300 ms with 500 block devices."""
    few, many = Tree(scratch / "few"), Tree(scratch / "many")
    few.plant(1, 0)
    many.plant(ARRAYS, LOOPS)
    floor = Program("python, with what status imports", (sys.executable, "-c", "from guardsh.cli import status"))
    runs = [
        Program(name, (sys.executable, "-c", _STATUS, str(tree.root), str(tree.root / "data")))
        for name, tree in (("10 devices", few), (f"{ARRAYS * (MEMBERS + 2)} devices, {LOOPS} loops", many))
    ]
    return race((floor, *runs), rounds=20)


class Tree:
    """A /proc and a /sys below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._minor = 0
        self._mounts = ["1 0 8:0 / / rw - ext4 /dev/sdzz rw"]

    def plant(self, arrays: int, loops: int) -> None:
        for directory in ("proc/self", "sys/block", "sys/class/block", "sys/dev/block", "dev", "etc", "data"):
            (self.root / directory).mkdir(parents=True)
        stanzas = [self._array(number) for number in range(arrays)]
        for number in range(loops):
            loop = self._device(f"loop{number}", 7)
            _write(loop / "loop/backing_file", f"/var/lib/snapd/snaps/snap_{number}.snap")
            self._mounts.append(
                f"{1000 + number} 1 7:{self._minor} / /snap/s/{number} ro - squashfs /dev/{loop.name} ro"
            )
        self._mounts.append(f"2 1 253:0 / {self.root}/data rw - ext4 /dev/mapper/vg0-data rw")
        _write(
            self.root / "proc/mdstat", "Personalities : [raid10]\n" + "\n".join(stanzas) + "\nunused devices: <none>"
        )
        _write(self.root / "proc/self/mountinfo", "\n".join(self._mounts))
        _write(self.root / "proc/stat", "btime 1")

    def _array(self, number: int) -> str:
        members = [self._device(f"sd{number}x{slot}", 8) for slot in range(MEMBERS)]
        array = self._device(f"md{number}", 9, number)
        for name, value in _ATTRIBUTES.items():
            _write(array / "md" / name, value)
        for slot, member in enumerate(members):
            _write(array / f"md/dev-{member.name}/state", "in_sync")
            _write(array / f"md/dev-{member.name}/slot", str(slot))
            (array / f"md/dev-{member.name}/block").symlink_to(member)
            _hold(array, member)
            (self.root / "dev" / member.name).write_bytes(bytes(8192))
        volume = self._device(f"dm-{number}", 253, number)
        _write(volume / "dm/name", f"vg{number}-data")
        _write(volume / "dm/uuid", f"LVM-{number}")
        _hold(volume, array)
        names = " ".join(f"{member.name}[{slot}]" for slot, member in enumerate(members))
        blocks = f"      1000 blocks super 1.2 512K chunks 2 near-copies [{MEMBERS}/{MEMBERS}] [{'U' * MEMBERS}]\n"
        return f"md{number} : active raid10 {names}\n{blocks}"

    def _device(self, name: str, major: int, minor: int | None = None) -> Path:
        self._minor += 1
        here = self.root / "sys/devices" / name
        number = f"{major}:{self._minor if minor is None else minor}"
        _write(here / "dev", number)
        _write(here / "size", "1000000")
        for link in (f"block/{name}", f"class/block/{name}", f"dev/block/{number}"):
            (self.root / "sys" / link).symlink_to(here)
        return here


def _hold(upper: Path, lower: Path) -> None:
    for directory, other in ((upper / "slaves", lower), (lower / "holders", upper)):
        directory.mkdir(exist_ok=True)
        (directory / other.name).symlink_to(other)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="utf-8")
