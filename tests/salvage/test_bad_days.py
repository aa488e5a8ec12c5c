"""A salvage's own bad days: killed, full, in the wrong place, by the wrong account, watched by others."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guardsh.cli.progress import Sight, shown
from guardsh.model.observed import Known
from guardsh.system import under_way
from tests.faults.operator import NOBODY, needs_namespaces
from tests.salvage.conftest import PATIENT, Scene, checksums, states
from tests.salvage.test_accidents import emptied, removed

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root, to become other accounts")


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_killed_in_the_middle_the_server_stays_stopped_and_the_next_run_goes_on(scene: Scene) -> None:
    scene.session()
    removed(scene.primary.directory)
    inject = "inject=pwrite64:signal=KILL:when=4"
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", inject]
    killed = scene.operator.unattended(*strace, "guardsh", "salvage", scene.primary.directory, scene.destination)
    assert killed.returncode == -signal.SIGKILL
    assert states(scene.primary.family()) == {"T"}
    done = scene.salvages()
    assert done.returncode == 0, done.stderr
    assert scene.report()["complete"]
    again = scene.salvages()  # everything is there: nothing is copied twice
    assert again.returncode == 0
    before = {name: os.stat(f"{scene.destination}/data/{name}").st_ino for name in scene.saved()}
    assert scene.salvages().returncode == 0
    assert {name: os.stat(f"{scene.destination}/data/{name}").st_ino for name in scene.saved()} == before


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_others_see_how_far_it_is(scene: Scene) -> None:
    """Stopped in the middle, and run to its end."""
    scene.session()
    removed(scene.primary.directory)
    inject = "inject=pwrite64:signal=STOP:when=4"
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", inject]
    words = (*strace, "guardsh", "salvage", scene.primary.directory, scene.destination)
    with scene.operator.begins(*words) as running:
        try:
            found = _stopped_at(scene.destination)
            assert 0 <= found.progress.done < found.progress.total
            assert found.what in " ".join(shown(Sight(Known((), ""), (found,))))
        finally:
            for each in under_way.seen():
                if scene.destination in each.what:
                    os.kill(each.pid, signal.SIGCONT)
        assert running.wait(60) == 0
    assert not any(scene.destination in each.what for each in under_way.seen())


def _stopped_at(destination: str) -> under_way.UnderWay:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for found in under_way.seen():
            if found.what == f"salvage to {destination}" and states([found.pid]) <= {"T", "t"}:
                return found
        time.sleep(0.05)
    raise AssertionError("no salvage was seen")


def test_a_changed_copy_is_noticed_by_its_size_and_copied_again(scene: Scene) -> None:
    scene.session()
    removed(scene.primary.directory)
    assert scene.salvages().returncode == 0
    before = scene.saved("base")
    name = max(before)
    os.truncate(f"{scene.destination}/data/base/{name}", 1)
    assert scene.salvages().returncode == 0
    assert scene.saved("base") == before


def test_ctrl_c_at_the_question_leaves_it_stopped_and_says_so(scene: Scene) -> None:
    removed(scene.primary.directory)
    session = scene.operator.types("guardsh", "salvage", scene.primary.directory, scene.destination)
    session.wait_for("s/c/q> ")
    session.type("\x03")
    ended = session.end()
    assert ended.status == 77
    assert "nothing was copied" in ended.seen and "stand still" in ended.seen
    assert states(scene.primary.family()) == {"T"}
    (record,) = scene.operator.records()
    assert (record["outcome"], record["answer"]) == ("reject", "quit (interrupted)")


def test_at_a_terminal_one_key_goes_on(scene: Scene) -> None:
    removed(scene.primary.directory)
    session = scene.operator.types("guardsh", "salvage", scene.primary.directory, scene.destination)
    session.wait_for("s/c/q> ")
    session.type("xs")  # x is no answer
    ended = session.end()
    assert ended.status == 0
    assert "the data directory itself has been removed" in ended.seen
    assert [each["answer"] for each in scene.operator.records()] == [
        "salvage",
        f"done: {scene.report()['files']} files",
    ]


def test_a_lost_connection_does_not_end_the_copying(scene: Scene) -> None:
    scene.session()
    removed(scene.primary.directory)
    session = scene.operator.types("guardsh", "salvage", scene.primary.directory, scene.destination)
    session.wait_for("s/c/q> ")
    session.type("s")
    session.wait_for("salvage  ")
    session.hang_up()
    assert scene.report()["complete"]


def test_continuing_a_server_whose_directory_is_gone_takes_host_and_role(scene: Scene) -> None:
    removed(scene.primary.directory)
    assert scene.salvages().returncode == 0
    words = ("guardsh", "salvage", "--continue", scene.primary.directory)
    unasked = scene.operator.unattended(*words)
    assert (unasked.returncode, "at a terminal" in unasked.stderr) == (77, True)
    assert scene.operator.types(*words).answer(f"{scene.operator.host} replica").status == 77
    assert states(scene.primary.family()) == {"T"}
    assert scene.operator.types(*words).answer(f"{scene.operator.host} primary").status == 0
    assert "T" not in states(scene.primary.family())


def test_continuing_one_that_is_not_stopped_is_refused(scene: Scene) -> None:
    done = scene.salvages("--continue", scene.primary.directory)
    assert (done.returncode, "is not stopped" in done.stderr) == (77, True)


def test_a_dest_that_will_not_do_is_refused_and_the_server_stays_stopped(scene: Scene) -> None:
    removed(scene.primary.directory)
    (scene.rescue / "full/something").mkdir(parents=True)
    (scene.rescue / "link").symlink_to(scene.lab.directory)
    (scene.rescue / "file").touch()
    same = os.path.join(scene.lab.directory, "dest")
    others = [str(scene.rescue / name) for name in ("full", "link", "file", "no/parent")]
    for destination in (same, *others):
        done = scene.salvages(scene.primary.directory, destination)
        assert (done.returncode, "nothing was copied" in done.stderr) == (77, True), destination
        assert states(scene.primary.family()) == {"T"}
    assert scene.salvages(scene.primary.directory, str(scene.rescue / "another")).returncode == 0


def test_on_the_same_file_system_where_told(scene: Scene) -> None:
    scene.session()
    removed(scene.primary.directory)
    destination = os.path.join(scene.lab.directory, "dest")
    done = scene.salvages("--same-filesystem", scene.primary.directory, destination)
    assert done.returncode == 0, done.stderr
    assert os.path.exists(f"{destination}/manifest.json")


@needs_namespaces
def test_a_dest_that_is_too_small_is_refused_before_and_one_that_fills_up_is_gone_on_with(scene: Scene) -> None:
    scene.session()
    removed(scene.primary.directory)
    place = scene.rescue / "small"
    place.mkdir()
    scene.operator.setup = f"mount -t tmpfs -o size=17m,mode=0755 tmpfs {place}"
    early = scene.salvages(scene.primary.directory, str(place / "dest"))
    assert early.returncode == 77
    assert "free, and" in early.stderr and "--deleted-only" in early.stderr
    late = scene.salvages("--same-filesystem", scene.primary.directory, str(place / "dest"))
    assert late.returncode == 1
    assert "no space left on device" in late.stderr
    assert "not reached" in late.stdout
    assert states(scene.primary.family()) == {"T"}
    assert scene.salvages().returncode == 0


def test_a_dest_of_another_instance_is_refused(scene: Scene) -> None:
    removed(scene.primary.directory)
    assert scene.salvages().returncode == 0
    other = scene.lab.primary("other", settings=PATIENT)
    removed(other.directory)
    done = scene.salvages(other.directory, scene.destination)
    assert (done.returncode, "of another instance" in done.stderr) == (77, True), (
        done.stderr + Path(other.log).read_text()
    )


@as_root
def test_another_account_can_neither_read_nor_plant_anything(scene: Scene) -> None:
    removed(scene.primary.directory)
    assert scene.salvages().returncode == 0
    os.chmod(scene.rescue, 0o755)
    for script in ("ls DEST", "cat DEST/REPORT.txt", "cat DEST/data/global/1262", "touch DEST/x", "ln -s /etc DEST/y"):
        words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "sh", "-c"]
        tried = subprocess.run([*words, script.replace("DEST", scene.destination)], capture_output=True, check=False)
        assert tried.returncode != 0, script
    modes = {
        os.stat(os.path.join(here, name)).st_mode & 0o777
        for here, _, files in os.walk(scene.destination)
        for name in files
    }
    assert modes == {0o600}
    assert {os.stat(here).st_mode & 0o777 for here, _, _ in os.walk(scene.destination)} == {0o700}


@as_root
def test_a_dest_that_another_account_owns_is_refused(scene: Scene) -> None:
    removed(scene.primary.directory)
    os.mkdir(scene.destination, 0o700)
    os.chown(scene.destination, NOBODY, NOBODY)
    done = scene.salvages()
    assert (done.returncode, "belongs to another account" in done.stderr) == (77, True)


def test_a_link_in_dest_is_never_followed(scene: Scene) -> None:
    removed(scene.primary.directory)
    assert scene.salvages().returncode == 0
    outside = scene.rescue / "outside"
    shutil.move(f"{scene.destination}/data", outside)
    os.symlink(outside, f"{scene.destination}/data")
    before = checksums(str(outside))
    for name in before:
        os.truncate(outside / name, 0)
    assert scene.salvages().returncode == 1
    assert all(os.stat(outside / name).st_size == 0 for name in before)


@as_root
def test_an_ordinary_account_cannot_stop_anothers_server(scene: Scene) -> None:
    emptied(scene.primary.directory)
    os.chmod(scene.rescue, 0o777)
    session = scene.operator.ordinary("guardsh", "salvage", scene.primary.directory, scene.destination)
    ended = session.end()
    assert ended.status == 77
    assert "belongs to another account" in ended.seen
    assert "T" not in states(scene.primary.family())


@as_root
def test_an_account_salvages_its_own_server(scene: Scene) -> None:
    account = scene.lab.account
    assert account is not None
    scene.session()
    removed(scene.primary.directory)
    os.chmod(scene.rescue, 0o777)
    become = ("setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups")
    os.chmod(scene.operator.place / "home", 0o777)
    done = scene.operator.unattended(*become, "guardsh", "salvage", scene.primary.directory, scene.destination)
    assert done.returncode == 0, done.stderr
    assert len(scene.saved("base")) >= 5
    assert os.stat(scene.destination).st_uid == account.uid


def patroni_of(scene: Scene, data_directory: str) -> subprocess.Popen[bytes]:
    """A stand-in by name, words and configuration: the real one takes a cluster to run (tests/automation)."""
    place = Path(scene.lab.directory) / f"node-{os.path.basename(data_directory)}"
    place.mkdir()
    (place / "patroni").write_text("import time; time.sleep(600)")
    (place / "patroni.yml").write_text(f"raft: {{data_dir: /raft}}\npostgresql:\n  data_dir: {data_directory}\n")
    return subprocess.Popen([sys.executable, place / "patroni", place / "patroni.yml"])


def test_patroni_of_this_instance_is_named_and_stopped_before_and_another_ones_runs_on(scene: Scene) -> None:
    own, others = patroni_of(scene, scene.primary.directory), patroni_of(scene, "/srv/elsewhere")
    try:
        time.sleep(0.1)
        removed(scene.primary.directory)
        done = scene.salvages()
        assert done.returncode == 0, done.stderr
        assert states([own.pid]) == {"T"}
        assert states([others.pid]) != {"T"}
        assert f"Patroni (process {own.pid}) was stopped" in done.stdout
        assert scene.report()["managers"] == [{"name": "Patroni", "pid": own.pid}]
    finally:
        for each in (own, others):
            each.kill()
            each.wait()


def test_where_nothing_is_missing_patroni_runs_on_too(scene: Scene) -> None:
    own = patroni_of(scene, scene.primary.directory)
    try:
        time.sleep(0.1)
        assert scene.salvages().returncode == 77
        assert states([own.pid]) != {"T"}
    finally:
        own.kill()
        own.wait()
