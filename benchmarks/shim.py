"""What a shim adds to rm of one unrelated file, beside bare rm and safe-rm (Debian's package)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from benchmarks.race import Program, race
from benchmarks.unrelated import RM
from guardsh.operations.install_plan import shim_text

GUARDSH = os.path.join(os.path.dirname(sys.executable), "guardsh")


def shim(scratch: Path) -> list[str]:
    """The aims: faster than safe-rm, and at most 1.5 ms more than bare rm."""
    note = scratch / "a" / "few" / "levels" / "note"
    note.parent.mkdir(parents=True)
    programs = [
        Program("rm FILE", (RM, str(note)), prepare=note.touch),
        Program("rm FILE, shim", (installed(scratch), str(note)), prepare=note.touch),
    ]
    safe_rm = shutil.which("safe-rm")
    if safe_rm:
        programs.append(Program("rm FILE, safe-rm", (safe_rm, str(note)), prepare=note.touch))
    return race(tuple(programs), rounds=200)


def installed(scratch: Path) -> str:
    file = scratch / "shims" / "rm"
    file.parent.mkdir()
    file.write_text(shim_text(GUARDSH))
    file.chmod(0o755)
    return str(file)
