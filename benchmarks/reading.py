"""What reading a whole line costs over the same verdict for plain words, and a harmless line over nothing at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks.race import Program, race
from benchmarks.unrelated import GUARDSH
from guardsh.operations.lab import Lab

INCIDENT = "sudo time /opt/wal-g/wal-g backup-fetch {} LATEST 2>&1 | tee /tmp/restore.log"
_HANDED = 'printf "%s\\0" "$0" | exec "$1" line --shell bash --pid $$'


def whole_line(scratch: Path) -> list[str]:
    """The aim: at most 30 ms above the verdict for plain words."""
    with Lab(str(scratch / "lab")) as lab:
        data = lab.primary().directory
        words = INCIDENT.format(data).partition(" 2>")[0].split()
        plain = Program(
            "check -- sudo time wal-g backup-fetch DATA", (GUARDSH, "check", "--", *words), statuses=(10, 11)
        )
        whole = Program(
            "check --line, the incident's line", (GUARDSH, "check", "--line", INCIDENT.format(data)), statuses=(10, 11)
        )
        return race((plain, whole), rounds=30)


def harmless_line(scratch: Path) -> list[str]:
    """As the line hook asks, and the floor: an interpreter that does nothing."""
    hook = ("/bin/sh", "-c", _HANDED)
    floor = Program("python3 -I -S -c pass", (sys.executable, "-I", "-S", "-c", "pass"))
    calm = Program("line hook: ls -l | sort -n", (*hook, "ls -l | sort -n", GUARDSH))
    hot = Program(
        "line hook: cd /tmp && rm -f nothing > nothing.log",
        (*hook, f"cd {os.sep}tmp && rm -f nothing > nothing.log", GUARDSH),
    )
    return race((floor, calm, hot), rounds=30)
