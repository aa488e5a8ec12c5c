"""What everybody is told after an accident."""

from __future__ import annotations

import os
import pty
from pathlib import Path

from guardsh.watch import alarm
from guardsh.watch.healing import Culprit, Outcome

HEALED = Outcome(True, 983, 0.0084, (Culprit(4711, "rm -rf /d\x1b[2J", "it was killed"),), "healed")


def test_it_says_what_was_done_by_whom_and_for_how_long() -> None:
    first, second = alarm.sentences("/d", HEALED)
    assert first.endswith("in /d were deleted: 983 names were put back; the server stood still for 8 ms")
    assert "process 4711 (rm -rf /d" in second


def test_a_copy_is_said_to_be_one() -> None:
    lost = Outcome(True, 1, 0.1, (), "healed", ("/d/base/5/1",))
    assert alarm.sentences("/d", lost)[-1].startswith("hint: take a new base backup")


def test_every_terminal_gets_it_and_nothing_is_waited_for(tmp_path: Path) -> None:
    """Links with the names of terminals are not followed; a device node of our own would need mknod."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    (tmp_path / "0").write_bytes(b"")
    (tmp_path / "1").symlink_to(os.ttyname(theirs))
    (tmp_path / "ptmx").write_bytes(b"")
    alarm.write_to_all(["guardsh: healed"], str(tmp_path))
    assert b"guardsh: healed" in (tmp_path / "0").read_bytes()
    assert (tmp_path / "ptmx").read_bytes() == b""
    os.close(ours)
    os.close(theirs)
