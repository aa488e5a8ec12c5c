"""In the lab's machine: what guardsh says in every state, as JSON; ``python -m tests.storage.lab.night OUT``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from guardsh.model.verdict import Caller
from guardsh.operations.lab import Lab
from guardsh.system import database
from tests.decisions.judging import verdict_on
from tests.storage.lab.arrays import BLANK, Night

_AT_A_TERMINAL = Caller(True, "", 0)
LINES = {
    "reboot": "reboot",
    "zero-superblock": "mdadm --zero-superblock /dev/ubda",
    "fail": "mdadm /dev/md0 --fail ubda",
    "wipefs": "wipefs -a /dev/ubdc",
    "dd": "dd if=/dev/zero of=/dev/md0",
    "mkfs": "mkfs.ext4 /dev/mapper/vg0-pgdata",
    "lvremove": "lvremove -f vg0/pgdata",
    "stop": "mdadm --stop /dev/md0",
    "blank": f"mkfs.ext4 {BLANK}",
    "detail": "mdadm --detail /dev/md0",
}


def main() -> None:
    said: dict[str, Any] = {}
    try:
        database.load()  # before the looks are forked: this machine is slow
        with Lab("/run/lab") as lab:
            night = Night(lab)
            for state in STATES:
                getattr(night, state)()
                said[state] = _said()
    except Exception:
        said["error"] = traceback.format_exc()
    Path(sys.argv[1], "said").write_text(json.dumps(said), encoding="utf-8")


STATES = (
    "clean",
    "member_failed",
    "two_failed_in_different_mirrors",
    "recovering",
    "reshaping",
    "superblock_zeroed",
    "reassembled_without_it",
    "stopped",
)


def _said() -> dict[str, Any]:
    verdicts = {}
    for name, line in LINES.items():
        verdict = verdict_on(line, _AT_A_TERMINAL)
        reasons = [f"{reason.code}: {reason.sentence}" for reason in verdict.reasons]
        verdicts[name] = {"decision": verdict.decision.name.lower(), "summary": verdict.summary, "reasons": reasons}
    return {"verdicts": verdicts, "mdstat": Path("/proc/mdstat").read_text(), "by its link": _by_its_link()}


def _by_its_link() -> list[Any]:
    """The exit status of `reboot`, a link to guardsh, without a terminal, and whether the real one was reached: here
    one that only says so."""
    links, real = Path("/run/links"), Path("/run/real")
    if not links.exists():
        links.mkdir()
        real.mkdir()
        (links / "reboot").symlink_to(Path(sys.executable).with_name("guardsh"))
        (real / "reboot").write_text("#!/bin/sh\necho rebooting\n")
        (real / "reboot").chmod(0o755)
    done = subprocess.run(
        ["reboot"], env={**os.environ, "PATH": f"{links}:{real}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [done.returncode, "rebooting" in done.stdout]


if __name__ == "__main__":
    main()
