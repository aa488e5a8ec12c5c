"""The emergency brake, on real servers and a real disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from guardsh.operations.lab import Lab
from guardsh.operations.stage import _front_door
from guardsh.system import kernel
from tests.salvage.conftest import Scene, states
from tests.salvage.test_accidents import removed
from tests.storage.loops import attach, detach, run, with_mounts

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root, for mounts")


def test_unattended_it_takes_a_confirmation_and_the_server_runs_on(scene: Scene) -> None:
    done = scene.operator.unattended("guardsh", "freeze", scene.primary.directory)
    assert done.returncode == 77
    assert "--confirm 'HOST ROLE'" in done.stderr
    assert scene.primary.sql("select 1") == "1"


def test_a_dry_run_shows_the_order_and_does_nothing(scene: Scene) -> None:
    done = scene.operator.unattended("guardsh", "freeze", "--dry-run", scene.primary.directory)
    assert done.returncode == 0
    steps = [line.strip() for line in done.stderr.splitlines() if line.strip()[1:2] == "."]
    assert [step[0] for step in steps] == ["1", "2", "3"]
    assert "is left writable" in steps[-1]  # what the machine needs lies on it
    assert scene.primary.sql("select 1") == "1"


def test_host_and_role_are_typed_and_the_machines_own_disk_is_left_writable(scene: Scene) -> None:
    words = ("guardsh", "freeze", scene.primary.directory)
    wrong = scene.operator.types(*words).answer(f"{scene.operator.host} replica")
    assert wrong.status == 77
    assert scene.primary.sql("select 1") == "1"
    ended = scene.operator.types(*words).answer(f"{scene.operator.host} primary")
    assert ended.status == 1
    assert "stays writable" in ended.seen
    assert states(scene.primary.family()) == {"T"}
    accepted = [each for each in scene.operator.records() if each["outcome"] == "accept"]
    assert [each["intent"] for each in accepted] == [[f"stop {scene.primary.directory}"]]


def test_after_an_accident_it_is_held_before_the_question_and_stays_so_whatever_the_answer(scene: Scene) -> None:
    removed(scene.primary.directory)
    wrong = scene.operator.types("guardsh", "freeze", scene.primary.directory).answer("no")
    assert wrong.status == 77
    assert "stand still" in wrong.seen
    assert states(scene.primary.family()) == {"T"}
    session = scene.operator.types("guardsh", "freeze", scene.primary.directory)
    session.wait_for_question()
    assert states(scene.primary.family()) == {"T"}
    session.type(f"{scene.operator.host} primary\n")
    assert session.end().status == 1
    assert states(scene.primary.family()) == {"T"}


@as_root
@pytest.mark.skipif(shutil.which("mkfs.ext4") is None, reason="no mkfs.ext4")
@pytest.mark.parametrize("play", ["frozen", "read-only"])
def test_on_a_disk_of_its_own(tmp_path: Path, play: str) -> None:
    loop = attach(tmp_path / "image", 300 << 20)
    place = Path("/tmp") / f"gsh-{os.path.basename(loop)}"  # a short path, for the socket
    place.mkdir()
    try:
        run("mkfs.ext4", "-q", loop)
        work = _frozen if play == "frozen" else _read_only
        assert with_mounts(lambda: _played(loop, place, work)) == []
    finally:
        place.rmdir()
        detach(loop)


def _played(loop: str, place: Path, work: Callable[[Lab, Path], list[str]]) -> list[str]:
    run("mount", "-t", "tmpfs", "tmpfs", "/var/log")  # the audit trail is the test's own
    run("mount", loop, str(place))
    os.chmod(place, 0o755)
    try:
        with Lab(str(place)) as lab:
            return work(lab, place)
    finally:
        _thaw(place)
        run("umount", "-l", str(place))


def _frozen(lab: Lab, place: Path) -> list[str]:
    """What is not as it should be."""
    primary = lab.primary()
    host = os.uname().nodename.partition(".")[0]
    braked = _guardsh("freeze", "--confirm", f"{host} primary", primary.directory)
    writing = subprocess.Popen(["touch", str(place / "written")])
    time.sleep(0.3)
    seen = [
        (braked.returncode == 0, braked.stderr),
        ("is frozen: reads work" in braked.stderr, braked.stderr),
        (states(primary.family()) == {"T"}, "the server runs"),
        (writing.poll() is None, "a write went through"),
        (Path(primary.path("PG_VERSION")).read_text() != "", "reading"),
    ]
    thawed = _guardsh("freeze", "--thaw", primary.directory)
    seen += [(thawed.returncode == 0, thawed.stderr), (writing.wait(10) == 0, "still frozen")]
    gone_on = _guardsh("salvage", "--continue", primary.directory)
    seen += [(gone_on.returncode == 0, gone_on.stderr), (primary.sql("select 1") == "1", "no answer")]
    return [why for holds, why in seen if not holds]


def _read_only(lab: Lab, place: Path) -> list[str]:
    """The server has ended, and its files are gone: what was deleted must not be overwritten."""
    primary = lab.primary()
    primary.stop()
    removed(primary.directory)
    braked = _guardsh("freeze", "--confirm", "here unknown", primary.directory)
    super_options = [
        line.split()[-1] for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(place) in line
    ]
    tried = subprocess.run(["touch", str(place / "written")], capture_output=True, text=True, check=False)
    thawed = _guardsh("freeze", "--thaw", primary.directory)
    after = subprocess.run(["touch", str(place / "written")], capture_output=True, text=True, check=False)
    seen = [
        (braked.returncode == 0 and "is read-only" in braked.stderr, braked.stderr),
        ("Read-only file system" in tried.stderr, tried.stderr),
        (super_options[0].split(",")[0] == "ro", "only this mount of it is read-only"),
        (thawed.returncode == 0 and "writable again" in thawed.stderr, thawed.stderr),
        (after.returncode == 0, after.stderr),
    ]
    return [why for holds, why in seen if not holds]


def _guardsh(*words: str) -> subprocess.CompletedProcess[str]:
    """Without a terminal; its own home, so that no configuration of this machine's counts."""
    return subprocess.run(
        [_front_door(), *words],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin"},
    )


def _thaw(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        kernel.thaw(descriptor)
    except OSError:  # it is not frozen
        return
    finally:
        os.close(descriptor)
