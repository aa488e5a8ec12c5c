"""The shim: what reaches the program, which program that is, and what happens when guardsh itself cannot start."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guardsh.__main__ import PERMITTED
from guardsh.fastpath import places
from tests.install.shim import PERMITTED as SHIMS
from tests.install.shim import SHELLS, Shim

FRONT_DOOR = Path(sys.executable).with_name("guardsh")


@pytest.fixture(params=SHELLS)
def shim(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shim:
    if shutil.which(request.param[0]) is None:
        pytest.skip(f"no {request.param[0]} on this machine")
    (tmp_path / "bench").mkdir()
    made = Shim.make(tmp_path / "bench", request.param)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return made


def bait(name: str) -> None:
    os.makedirs(f"{name}/global")
    Path(name, "PG_VERSION").write_text("15\n")


def answers(shim: Shim, status: int) -> None:
    shim.program("guardsh", f'echo "$@" >>"${{0%/*}}/asked"; exit {status}')


def asked(shim: Shim) -> list[str]:
    file = shim.place / "asked"
    return file.read_text().splitlines() if file.exists() else []


def test_both_sides_agree_on_what_means_yes() -> None:
    assert PERMITTED == SHIMS


WORDS = ("note", "a b", "", "*", "$HOME", "-- x", "x\ny", "\udcff\udc81\udc88", "'", "\\", "\t")


def test_words_arrive_as_they_are(shim: Shim) -> None:
    answers(shim, SHIMS)
    out = shim.run("wal-g", *WORDS).stdout.split(b"\n", 1)[1]
    assert out == b"".join(os.fsencode(word) + b"\n" for word in WORDS)


def test_rm_keeps_its_name_and_the_others_get_their_path(shim: Shim) -> None:
    shutil.copy("/bin/rm", shim.place / "real" / "rm")
    assert shim.run("rm", "absent").stderr.startswith(b"rm: ")
    assert shim.run("wal-g", "help").stdout.splitlines()[0] == os.fsencode(shim.place / "real" / "wal-g")


def test_everything_else_is_the_commands_own(shim: Shim) -> None:
    script = "printf '%s ' $$; umask; pwd; cat; env | grep -v -E '^(_|PWD|OLDPWD|SHLVL)=' | sort; kill -9 $$"
    shim.program("real/wal-g", script)
    words = [*shim.started_by, str(shim.file("wal-g")), "help"]
    environment = {
        "PATH": f"{shim.place}/real:/usr/bin:/bin",
        "A": "1 2\n3",
        "name": "kept",
        "rest": "kept",
    }
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, umask=0o27) as process:
        out, _ = process.communicate(b"through stdin\n", timeout=30)
    first = [f"{process.pid} 0027", os.getcwd(), "through stdin"]
    variables = [line for name, value in environment.items() for line in f"{name}={value}".splitlines()]
    seen = out.decode().splitlines()
    assert (seen[:3], sorted(seen[3:])) == (first, sorted(variables))
    assert process.returncode == -signal.SIGKILL


def test_what_is_permitted_runs_and_what_is_not_does_not(shim: Shim) -> None:
    bait("old")
    assert shim.run("rm", "-rf", "old").returncode == 77
    assert asked(shim) == ["permit -- rm -rf old"]
    answers(shim, 125)
    assert shim.run("rm", "-rf", "old").returncode == 125
    answers(shim, SHIMS)
    assert shim.run("rm", "-rf", "old").stdout.endswith(b"rm\n-rf\nold\n")


@pytest.mark.parametrize(("status", "becomes"), [(87, 0), (88, 1)])
def test_what_was_done_in_its_place_does_not_run(shim: Shim, status: int, becomes: int) -> None:
    bait("old")
    answers(shim, status)
    done = shim.run("rm", "-rf", "old")
    assert (done.returncode, done.stdout, done.stderr) == (becomes, b"", b"")


@pytest.mark.parametrize("status", [0, 1, 2, 88 + 1, 126, 127, 128 + signal.SIGSEGV])
def test_anything_else_that_guardsh_ends_with_permits_nothing(shim: Shim, status: int) -> None:
    bait("old")
    answers(shim, status)
    done = shim.run("rm", "-rf", "old")
    assert (done.returncode, done.stdout) == (125, b"")
    assert b"could not start" in done.stderr and b"GUARDSH_BREAK_GLASS='REASON'" in done.stderr


def test_interrupted_at_the_question_it_is_interrupted_itself(shim: Shim) -> None:
    bait("old")
    shim.program("guardsh", "kill -INT $$")
    assert shim.run("rm", "-rf", "old").returncode in (-signal.SIGINT, 128 + signal.SIGINT)


def test_an_interrupt_waits_for_guardsh_to_tidy_up(shim: Shim) -> None:
    bait("old")
    shim.program("guardsh", 'trap "sleep 0.3; echo tidied; exit 77" INT; echo ready; while :; do sleep 0.1; done')
    words = [*shim.started_by, str(shim.file("rm")), "-rf", "old"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == b"tidied\n"
    assert process.returncode == 77


# which program


def test_it_goes_on_behind_itself_and_never_back(shim: Shim) -> None:
    shim.program("first/rm", 'echo first; exec "${0%/*}/../shims/rm" "$@"')
    path = f"{shim.place}/first:{shim.place}/shims:{shim.place}/shims:{shim.place}/real:/usr/bin:/bin"
    words = [*shim.started_by, str(shim.file("rm")), "absent"]
    done = subprocess.run(words, env={"PATH": path}, capture_output=True, check=False, timeout=30)
    assert b"first" not in done.stdout
    assert done.stdout.endswith(b"/rm\nabsent\n")


def test_two_shims_ask_once(shim: Shim) -> None:
    bait("old")
    answers(shim, SHIMS)
    (shim.place / "more").mkdir()
    shutil.copy(shim.file("rm"), shim.place / "more" / "rm")
    path = f"{shim.place}/shims:{shim.place}/more:{shim.place}/real:/usr/bin:/bin"
    done = shim.run("rm", "-rf", "old", PATH=path)
    assert done.stdout.endswith(b"/rm\n-rf\nold\n")
    assert len(asked(shim)) == 1


def test_behind_a_shim_what_another_was_diverted_from_is_found(shim: Shim) -> None:
    """/usr/local/bin/wal-g before a diverted /usr/bin/wal-g, and no other."""
    (shim.place / "real" / "wal-g").rename(shim.place / "real" / "wal-g.guardsh-diverted")
    shutil.copy(shim.file("wal-g"), shim.place / "real" / "wal-g")
    shim.program("guardsh", f"exit {PERMITTED}")
    done = shim.run("wal-g", "backup-fetch", "x", "LATEST")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(os.fsencode(shim.place / "real" / "wal-g.guardsh-diverted"))


def test_none_is_not_found(shim: Shim) -> None:
    done = shim.run("wal-g", "help", PATH=f"{shim.place}/shims")
    assert (done.returncode, done.stderr) == (127, b"wal-g: command not found\n")


def test_diverted_it_is_what_was_there(shim: Shim) -> None:
    shim.file("wal-g").with_name("wal-g.guardsh-diverted").symlink_to(shim.place / "real" / "wal-g")
    done = shim.run("wal-g", "help")
    assert done.stdout == b"%s.guardsh-diverted\nhelp\n" % os.fsencode(shim.file("wal-g"))
    assert shim.run("wal-g", "delete", "everything").returncode == 77
    assert asked(shim) == [f"permit -- {shim.file('wal-g')} delete everything"]


def test_through_guardsh_run_a_diverted_program_is_asked_about_once(shim: Shim) -> None:
    shim.file("rm").with_name("rm.guardsh-diverted").symlink_to(shim.place / "real" / "rm")
    os.makedirs("leaf/below")
    done = subprocess.run([FRONT_DOOR, "run", "--", shim.file("rm"), "-rf", "leaf"], capture_output=True, check=True)
    assert done.stdout.endswith(b"-rf\nleaf\n")
    assert asked(shim) == []


# without guardsh


@pytest.fixture
def broken(shim: Shim) -> Shim:
    """The interpreter was renamed."""
    (shim.place / "guardsh").write_text("#!/nonexistent/python3\n")
    return shim


def test_unrelated_commands_run_with_one_line(broken: Shim) -> None:
    os.makedirs("build/deep/deeper")
    done = broken.run("rm", "-rf", "build")
    assert done.stdout.endswith(b"rm\n-rf\nbuild\n")
    assert done.stderr.count(b"\n") == 1
    assert b"no sign of an instance" in done.stderr


def test_simple_ones_run_without_a_word(broken: Shim) -> None:
    Path("note").touch()
    assert broken.run("rm", "note").stderr == b""


@pytest.mark.parametrize(
    "line",
    [
        *("rm -rf old", "rm -rf above", "rm -rf old/global", "rm -rf link/", "rm -r -- old"),
        *("pg_ctl -D old stop", "pg_ctl stop -Dold", "pg_ctl --pgdata=old stop", "wal-g backup-fetch old LATEST"),
        *("wal-g delete everything", "pg_basebackup -D old", "pg_basebackup --pgdata=above/old"),
    ],
)
def test_what_may_hold_an_instance_stays(broken: Shim, line: str) -> None:
    bait("old")
    bait("above/x/old")
    bait("above/old")
    Path("link").symlink_to("old")
    done = broken.run(*line.split())
    assert (done.returncode, done.stdout) == (125, b"")
    assert b"not run" in done.stderr


def test_the_servers_own_directory_from_the_environment(broken: Shim) -> None:
    bait("old")
    assert broken.run("pg_ctl", "stop", PGDATA=os.path.abspath("old")).returncode == 125
    assert broken.run("pg_ctl", "stop", PGDATA="").returncode == 0


@pytest.mark.parametrize(
    "line",
    [
        *("pg_resetwal -f old", "pg_rewind --target-pgdata=old", "initdb -Dold", "pg_upgrade -D above -d old"),
        *("mkfs.xfs /dev/md0", "wipefs -a /dev/md0", "pg_dropcluster 15 main", "pgbackrest --stanza=main expire"),
        *("zfs destroy tank/pg", "mdadm --stop /dev/md0", "patronictl remove main", "dropdb app"),
    ],
)
def test_what_words_alone_do_not_tell_stays_too(broken: Shim, line: str) -> None:
    bait("old")
    assert broken.run(*line.split()).returncode == 125


def test_what_only_looks_runs(broken: Shim) -> None:
    for line in ("mdadm --detail /dev/md0", "zpool status", "pgbackrest info", "wal-g backup-list"):
        assert (broken.run(*line.split()).returncode, broken.run(*line.split()).stderr) == (0, b"")


def test_a_reboot_waits_for_nobody_while_no_server_runs(broken: Shim, tmp_path: Path) -> None:
    shutil.copy("/bin/sleep", tmp_path / "postgres")
    running = subprocess.Popen([tmp_path / "postgres", "60"])
    try:
        assert broken.run("reboot").returncode == 125
        assert broken.run("umount", "-l", "/nowhere").returncode == 125
    finally:
        running.kill()
        running.wait()
    if not any(places.name_of(pid) in places.SERVERS for pid in os.listdir("/proc") if pid.isdigit()):
        assert broken.run("reboot").returncode == 0  # a stand-in


def test_the_glass_is_broken_on_record(broken: Shim) -> None:
    bait("old")
    broken.program("real/logger", 'printf "%s\\n" "$*" >>"${0%/*}/../logged"')
    done = broken.run("rm", "-rf", "old", GUARDSH_BREAK_GLASS="INC-7")
    assert done.stdout.endswith(b"rm\n-rf\nold\n")
    assert "break glass (INC-7): rm -rf old" in (broken.place / "logged").read_text()


def test_an_interpreter_that_cannot_start_is_as_one_that_is_not_there(shim: Shim) -> None:
    bait("old")
    os.makedirs("build/deep")
    (shim.place / "guardsh").write_text(f"#!{sys.executable}\nimport guardsh_is_gone\n")
    assert shim.run("rm", "-rf", "old").returncode == 125
    assert shim.run("rm", "-rf", "build").returncode == 0
