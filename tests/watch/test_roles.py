"""The state of a real pair through promotion, crash, stop, a hung server, a move; and what its terminals show."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyte
import pytest

from guardsh.operations.lab import Lab, LabServer
from guardsh.screen import palette
from guardsh.watch import state_file
from tests.postgres.lab import pair
from tests.watch.conftest import Open, Watching, background, wait_until, watchers

SESSION = "select pid from pg_stat_activity where application_name = 'guardsh'"


def test_a_promotion_recolours_an_idle_terminal_and_leaves_a_half_typed_line(
    watching: Watching, lab: Lab, open_screen: Open
) -> None:
    both = pair(lab)
    both.primary.stop()
    watching.until("recovering", "running")
    screen = open_screen(watching.terminals)
    screen.type("rm -rf /mnt/data")
    screen.wait_for("rm -rf /mnt/data")
    screen.more()
    before = len(screen.seen)
    begun = time.monotonic()
    both.replica.promote()
    screen.wait_for(background(palette.PRIMARY.dark))
    assert time.monotonic() - begun < 2  # the busy test machine; benchmarks/watch.py measures
    assert screen.seen[before:] == background(palette.PRIMARY.dark)
    screen.type("sql")
    screen.wait_for("sql")
    shown = pyte.Screen(80, 24)
    pyte.ByteStream(shown).feed(b"ready> " + screen.seen)
    assert shown.display[0].rstrip() == "ready> rm -rf /mnt/datasql"
    watching.until("primary", "running")


def test_crash_stop_and_restart(watching: Watching, lab: Lab) -> None:
    primary = lab.primary()
    watching.until("primary", "running")
    assert wait_until(lambda: getattr(watching.now(), "flags", ()) == ("only-copy",))
    primary.crash()
    watching.until("primary", "crashed")
    primary.start()
    watching.until("primary", "running")
    primary.stop()
    watching.until("primary", "stopped")


def test_a_replica_and_its_primary(watching: Watching, lab: Lab) -> None:
    both = pair(lab)
    watching.until("primary", "running")
    assert wait_until(lambda: getattr(watching.now(), "flags", ()) == ("several",))
    both.primary.stop()
    watching.until("recovering", "running")
    both.primary.start()
    watching.until("primary", "running")
    both.primary.stop()
    both.replica.stop()
    watching.until("primary", "stopped")


def test_a_failing_archiver_is_said(watching: Watching, lab: Lab) -> None:
    primary = lab.primary(settings={"archive_mode": "on", "archive_command": "false"})
    primary.sql("select pg_switch_wal()")
    watching.until("primary", "running")
    assert wait_until(lambda: "archiver-failing" in getattr(watching.now(), "flags", ()), 30)


def test_a_suspended_server_is_not_known_within_the_deadline(watching: Watching, lab: Lab) -> None:
    both = pair(lab)
    both.primary.stop()
    watching.until("recovering", "running")
    both.replica.suspend()
    watching.until("unknown", "unknown", seconds=5)
    both.replica.resume()
    watching.until("recovering", "running")


def test_a_silent_server_is_not_known_within_the_deadline(watching: Watching, lab: Lab) -> None:
    primary = lab.primary()
    watching.until("primary", "running")
    assert wait_until(lambda: bool(primary.sql(SESSION)))
    session = int(primary.sql(SESSION))
    os.kill(session, signal.SIGSTOP)  # its one session hangs
    watching.until("primary", "unknown", seconds=12)
    watching.until("primary", "running", seconds=12)  # by another one
    os.kill(session, signal.SIGKILL)


def test_the_kept_session_is_not_in_the_way_of_a_smart_shutdown(watching: Watching, lab: Lab) -> None:
    primary = lab.primary()
    watching.until("primary", "running")
    assert wait_until(lambda: bool(primary.sql(SESSION)))
    begun = time.monotonic()
    primary.stop("smart")
    assert time.monotonic() - begun < 8
    watching.until("primary", "stopped")


def test_a_moved_data_directory(watching: Watching, lab: Lab) -> None:
    primary = lab.primary()
    watching.until("primary", "running")
    primary.stop()
    watching.until("primary", "stopped")
    os.rename(primary.directory, f"{primary.directory}-moved")
    primary.directory += "-moved"
    primary.start()
    watching.until("primary", "running", seconds=12)
    assert wait_until(lambda: getattr(watching.now(), "flags", ()) == ("only-copy",))


def test_a_removed_data_directory(watching: Watching, lab: Lab) -> None:
    primary = lab.primary()
    watching.until("primary", "running")
    os.rename(primary.path("global"), primary.path("gone"))
    primary.crash()
    subprocess.run(["rm", "-rf", primary.directory], check=True)
    assert wait_until(lambda: getattr(watching.now(), "state", "") in ("none", "stopped"), 70)


def test_terminated_it_leaves_nothing_that_looks_true(watching: Watching, lab: Lab, open_screen: Open) -> None:
    lab.primary()
    watching.until("primary", "running")
    screen = open_screen(watching.terminals)
    screen.wait_for(background(palette.PRIMARY.dark))  # within a heartbeat: nobody told it
    watching.process.terminate()
    screen.wait_for(background(palette.UNKNOWN.dark))
    assert watching.process.wait() == 0
    watching.until("unknown", "unknown")


def test_killed_its_state_grows_old(watching: Watching, lab: Lab) -> None:
    lab.primary()
    watching.until("primary", "running")
    watching.process.kill()
    watching.process.wait()
    assert state_file.read(watching.state, time.time()) is not None
    assert state_file.read(watching.state, time.time() + 16) is None
    watching.process = watching.start()  # and the next one takes over
    watching.until("primary", "running")


def test_two_watchers(watching: Watching) -> None:
    watching.until(*_idle(watching))
    second = watching.start(stderr=subprocess.PIPE)
    said = second.communicate()[1].decode()
    assert (second.returncode, said) == (1, f"guardsh watch: another watcher keeps {watching.state}\n")
    assert watching.process.poll() is None


def _idle(watching: Watching) -> tuple[str, str]:
    """Whatever the machine has without servers of ours."""
    assert wait_until(lambda: watching.now() is not None)
    found = watching.now()
    assert found is not None
    return found.role, found.state


def test_once(watching: Watching, lab: Lab) -> None:
    lab.primary()
    watching.end()
    os.unlink(watching.state)
    assert watching.start("--once").wait(20) == 0
    watching.until("primary", "running")


def test_in_the_background_there_is_one_for_each_account(alone: None, tmp_path: Path) -> None:
    watching = Watching(tmp_path)
    watching.end()
    first = watching.start("--background", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (first.communicate()[0], first.returncode) == (b"", 0)
    assert wait_until(lambda: watching.now() is not None)
    second = watching.start("--background", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (second.communicate()[0], second.returncode) == (b"", 0)
    assert wait_until(lambda: len(watchers(watching.state)) == 1)
    os.kill(watchers(watching.state)[0], signal.SIGTERM)
    assert wait_until(lambda: not watchers(watching.state))


def test_beside_a_quiet_pair_it_sleeps(watching: Watching, lab: Lab) -> None:
    pair(lab)
    watching.until("primary", "running")
    time.sleep(6)
    before = _wakes(watching.process.pid)
    time.sleep(10)
    assert _wakes(watching.process.pid) - before < 120  # a dozen a second; benchmarks/watch.py measures


def _wakes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if "voluntary_ctxt_switches" in line)


def suspended(server: LabServer) -> None:
    server.suspend()


def crashed(server: LabServer) -> None:
    server.crash()


def removed(server: LabServer) -> None:
    server.crash()
    shutil.rmtree(server.directory)


def unreadable(server: LabServer) -> None:
    os.rename(server.path("global", "pg_control"), server.path("global", "gone"))
    os.mkfifo(server.path("global", "pg_control"))


@pytest.mark.parametrize("trouble", [suspended, crashed, removed, unreadable])
def test_no_trouble_makes_it_spin(watching: Watching, lab: Lab, trouble: Callable[[LabServer], None]) -> None:
    primary = lab.primary()
    watching.until("primary", "running")
    trouble(primary)
    time.sleep(5)
    before = _processor_time(watching.process.pid)
    time.sleep(10)
    assert _processor_time(watching.process.pid) - before < 1.5  # seconds: benchmarks/watch.py measures
    assert watching.process.poll() is None
    assert watching.now() is not None
    if trouble is suspended:
        primary.resume()


def _processor_time(pid: int) -> float:
    """Of it and of its children that have ended, in seconds (proc(5): utime, stime, cutime, cstime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def test_it_is_small(watching: Watching, lab: Lab) -> None:
    pair(lab)
    watching.until("primary", "running")
    lines = Path(f"/proc/{watching.process.pid}/status").read_text().splitlines()
    assert next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) < 30_000  # kB
