"""The loop itself: clocks that jump, a disk that is full, events without end, what the service manager hears."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from guardsh.model.node_state import NodeState
from guardsh.system.signals import Signals
from guardsh.watch.broadcast import Broadcast
from guardsh.watch.events import Events
from guardsh.watch.pulse import Newcomers
from guardsh.watch.state_file import StateFile, read
from guardsh.watch.timetable import Timetable
from guardsh.watch.watcher import Watcher
from tests.storage.trees import unpack


class Clocks:
    """A time of day that can be set, and one that cannot."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def wall(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def file(tmp_path: Path) -> Iterator[StateFile]:
    made = StateFile(str(tmp_path / "state"))
    yield made
    made.close()


Make = Callable[..., Watcher]


@pytest.fixture
def make(file: StateFile, broadcast: Broadcast) -> Iterator[Make]:
    made: list[Watcher] = []

    def make_one(**options: Any) -> Watcher:
        made.append(Watcher(file, broadcast, **options))
        return made[-1]

    yield make_one
    for watcher in made:
        watcher.close()


def turns(watcher: Watcher, seconds: float) -> None:
    """Let it work for so long."""
    end = time.monotonic() + seconds
    with Signals() as signals:
        while time.monotonic() < end:
            watcher.turn(signals)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_after_a_jump_of_the_clock_there_is_a_fresh_line_soon(file: StateFile, make: Make, jump: float) -> None:
    clocks = Clocks()
    watcher = make(wall=clocks.wall)
    assert seconds_until_fresh(watcher, file, clocks) < 60
    clocks.ahead = jump
    assert read(file.path, clocks.wall()) is None
    assert seconds_until_fresh(watcher, file, clocks) < 4  # not at the next heartbeat only


def seconds_until_fresh(watcher: Watcher, file: StateFile, clocks: Clocks) -> float:
    begun = time.monotonic()
    while read(file.path, clocks.wall()) is None and time.monotonic() - begun < 60:
        turns(watcher, 0.2)
    return time.monotonic() - begun


def test_where_it_cannot_write_it_says_so_once_and_goes_on(
    file: StateFile, make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    watcher = make()
    os.rename(file.directory, f"{file.directory}-gone")
    said = ""
    end = time.monotonic() + 30
    while not said and time.monotonic() < end:
        turns(watcher, 1.0)
        said = capsys.readouterr().err
    turns(watcher, 6.0)  # a heartbeat more
    said += capsys.readouterr().err
    assert said == f"guardsh watch: could not write {file.path}: no such file or directory\n"
    os.rename(f"{file.directory}-gone", file.directory)
    assert seconds_until_fresh(watcher, file, Clocks()) < 60
    assert capsys.readouterr().err == ""


def test_it_tells_the_service_manager(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        manager.setblocking(False)
        watcher, said = make(), list[bytes]()
        end = time.monotonic() + 30
        while len(said) < 2 and time.monotonic() < end:
            turns(watcher, 0.5)
            with suppress(BlockingIOError):
                said.append(manager.recv(100))
        assert said == [b"READY=1", b"WATCHDOG=1"]


def test_an_array_that_fails_is_said(file: StateFile, make: Make, tmp_path: Path) -> None:
    # An md driver cannot be had on every machine: its files, below a root. They do not wake it, time does.
    root = tmp_path / "root"
    (root / "proc").mkdir(parents=True)
    (root / "proc" / "stat").write_text("btime 1\n")
    (root / "proc" / "mdstat").write_text(
        "Personalities : [raid10]\n"
        "md0 : active raid10 sdb1[1] sda1[0](F)\n"
        "      1000 blocks super 1.2 2 near-copies [2/1] [_U]\n\n"
        "unused devices: <none>\n"
    )
    turns(make(root=str(root)), 1.0)
    state = read(file.path, time.time())
    assert isinstance(state, NodeState)
    assert state.role == "none"
    assert [(each.name, each.health, each.working, each.expected) for each in state.arrays] == [
        ("md0", "degraded", 1, 2)
    ]


def test_how_far_an_array_is_follows_with_the_heartbeat(file: StateFile, make: Make, tmp_path: Path) -> None:
    root, ahead = Path(unpack("recovering", tmp_path / "root")), [0.0]
    (root / "proc/stat").write_text("btime 1\n")
    watcher = make(root=str(root), clock=lambda: time.monotonic() + ahead[0])
    turns(watcher, 2.5)
    assert Path(file.path).read_text().endswith(" md0:recovery:3:4:25:1min\n")
    mdstat = root / "proc/mdstat"
    mdstat.write_text(mdstat.read_text().replace("(16384/", "(31744/"))
    inode = os.stat(file.path).st_ino
    turns(watcher, 1.0)
    assert os.stat(file.path).st_ino == inode  # not written at every percent
    ahead[0] = 6.0
    turns(watcher, 1.0)
    assert Path(file.path).read_text().endswith(" md0:recovery:3:4:50:1min\n")


def test_looks_never_follow_one_another_without_end() -> None:
    timetable = Timetable(0.0, {"heartbeat": 5.0})
    looks = 0
    for hundredth in range(60 * 100):
        timetable.expect_change(hundredth / 100)  # somebody changes something a hundred times a second
        looks += timetable.take_look(hundredth / 100)
    assert 60 <= looks <= 300


def test_the_first_looks_after_an_event_are_quick_and_there_are_several() -> None:
    timetable = Timetable(0.0, {"heartbeat": 5.0})
    timetable.expect_change(100.0)
    taken = [
        moment for moment in (100.0, 100.01, 100.03, 100.1, 100.3, 101.0, 103.0, 110.0) if timetable.take_look(moment)
    ]
    assert taken == [100.0, 100.03, 100.1, 100.3, 101.0, 103.0]


def test_the_look_of_every_minute_is_one() -> None:
    timetable = Timetable(0.0, {"survey": 60.0})
    assert timetable.take("survey", 0.0)
    timetable.look(0.0)
    assert [moment for moment in (0.0, 0.1, 1.0, 10.0) if timetable.take_look(moment)] == [0.0]
    assert timetable.seconds_left(10.0) == 50.0


def test_no_source_of_events_stays_readable(tmp_path: Path) -> None:
    events = Events(str(tmp_path / "no mdstat"))
    child = os.fork()
    if child == 0:
        time.sleep(0.3)
        os._exit(0)
    events.follow([str(tmp_path)], [child])
    assert not events.wait(0.05, []).news
    (tmp_path / "standby.signal").touch()
    assert events.wait(1.0, []).news
    assert not events.wait(0.05, []).news
    (tmp_path / "other").touch()
    assert not events.wait(0.05, []).news
    assert events.wait(2.0, []).news  # the child has ended
    assert not events.wait(0.05, []).news
    os.waitpid(child, 0)
    tmp_path.rename(tmp_path.with_name("moved"))
    assert events.wait(1.0, []).news
    assert not events.wait(0.05, []).news
    events.close()
    tmp_path.with_name("moved").rename(tmp_path)


def test_postmaster_pid_is_followed_when_it_is_written_and_when_it_is_another(tmp_path: Path) -> None:
    events = Events("/proc/mdstat")
    lock = tmp_path / "postmaster.pid"
    for _ in range(2):
        lock.write_text("1\n")
        events.follow([str(tmp_path)], [])
        events.wait(0.05, [])
        with lock.open("a") as file:
            file.write("ready\n")
        assert events.wait(1.0, []).news
        lock.unlink()
        assert events.wait(1.0, []).news
    events.close()


def test_newcomers_are_servers_only(tmp_path: Path) -> None:
    for pid, name, parent in ((10, "bash", 1), (11, "postgres", 1), (12, "postgres", 11)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} {pid} {pid} 0 -1 " + "0 " * 20)
    newcomers = Newcomers(str(tmp_path))
    assert newcomers.arrived(frozenset())
    assert not newcomers.arrived(frozenset())
    assert not Newcomers(str(tmp_path)).arrived(frozenset({11}))
