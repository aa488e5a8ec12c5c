"""The shell itself: nothing about it is different but that data directories are read only."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from guardsh.operations import shield
from guardsh.system import capabilities, landlock
from tests.faults.operator import NOBODY, Operator, may_reach
from tests.shield.conftest import Shell


def inside(operator: Operator, script: str) -> subprocess.CompletedProcess[str]:
    return operator.unattended("guardsh", "shell", "--", "sh", "-c", script)


def test_exit_status_signal_and_streams_are_the_commands_own(operator: Operator) -> None:
    assert inside(operator, "exit 7").returncode == 7
    assert inside(operator, "kill -TERM $$").returncode == -signal.SIGTERM
    started = time.monotonic()
    done = inside(operator, "echo out; echo err >&2; echo $GUARDSH_SHIELD")
    assert (done.returncode, done.stdout, done.stderr) == (0, "out\n1\n", "err\n")
    assert time.monotonic() - started < 15  # whoever reads our output sees its end: the broker does not hold it
    assert operator.unattended("guardsh", "shell", "--", "/nowhere").returncode == 127


def test_data_is_read_only_and_everything_else_is_not(operator: Operator) -> None:
    stage = operator.stage
    script = f"""
        touch {stage.primary.directory}/x; touch {stage.replica.directory}/x
        touch {stage.directory}/beside && rm {stage.directory}/beside && mkdir -p {stage.directory}/a/b &&
        mv {stage.directory}/a {stage.directory}/c && ln {stage.build}/main.o {stage.directory}/c/link &&
        rm -r {stage.directory}/c && echo worked"""
    done = inside(operator, script)
    assert done.stdout == "worked\n"
    assert done.stderr.count("Read-only file system") == 2
    stage.primary.sql("create table of_the_shield (); drop table of_the_shield; checkpoint")


def test_other_accounts_work_as_ever(operator: Operator) -> None:
    done = inside(operator, f"su -s /bin/sh -c 'id -u' nobody; setpriv --reuid={NOBODY} --clear-groups id -u; id -u")
    assert done.stdout.split() == [str(NOBODY), str(NOBODY), "0"]


def test_job_control(shell: Shell) -> None:
    shell.send("sleep 100")
    time.sleep(0.5)
    shell.session.type("\x1a")
    assert "Stopped" in shell.line("jobs")
    shell.send("fg")
    time.sleep(0.5)
    shell.session.type("\x03")
    assert "[130]" in shell.done()
    assert shell.end() == 0


def test_a_shield_in_a_shield_is_the_same(shell: Shell) -> None:
    assert "this is the shield already" in shell.line("guardsh shell")
    assert "once" in shell.line("guardsh shell -- echo once")


def test_nothing_is_left(operator: Operator) -> None:
    done = inside(operator, "readlink /proc/self/ns/mnt; sleep 1000 >/dev/null 2>&1 & echo $!")
    namespace, background = done.stdout.split()
    assert of(namespace) == {int(background)}  # it keeps its shield, and its broker
    assert brokers_of(operator)
    os.kill(int(background), signal.SIGKILL)
    until = time.monotonic() + 10
    while (of(namespace) or brokers_of(operator)) and time.monotonic() < until:
        time.sleep(0.1)
    assert (of(namespace), brokers_of(operator)) == (set(), set())


def of(namespace: str) -> set[int]:
    """Who is in a mount namespace."""
    return {int(name) for name in os.listdir("/proc") if name.isdigit() and link(f"/proc/{name}/ns/mnt") == namespace}


def brokers_of(operator: Operator) -> set[int]:
    return {
        int(name)
        for name in os.listdir("/proc")
        if name.isdigit() and text(f"/proc/{name}/comm") == "guardsh-shield\n"
        if str(operator.place) in text(f"/proc/{name}/environ")
    }


def link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def test_several_at_once(operator: Operator) -> None:
    one, two = (Shell.of(operator) for _ in range(2))
    for each in (one, two):
        assert "Read-only" in each.line(f"touch {operator.stage.primary.directory}/x")
    assert one.end() == 0
    assert "Read-only" in two.line(f"touch {operator.stage.primary.directory}/x")
    assert "stays" in two.line("guardsh run -- echo stays")
    assert two.end() == 0


def test_servers_of_tmux_that_were_started_outside_cannot_be_reached(operator: Operator) -> None:
    name = f"gsh-{os.getpid()}"
    subprocess.run(["tmux", "-L", name, "new-session", "-d", "sleep 600"], check=True)
    try:
        done = inside(
            operator, f"tmux -L {name} new-window 'touch /tmp/{name}'; tmux -L {name} new -d 'sleep 1' && echo own"
        )
        assert "no server running" in done.stderr or "error connecting" in done.stderr
        assert done.stdout == "own\n"
    finally:
        subprocess.run(["tmux", "-L", name, "kill-server"], check=True)


def test_the_way_that_is_left_through_the_server_is_as_documented(operator: Operator) -> None:
    primary = operator.stage.primary
    mark = os.path.join(primary.lab.sockets, "by-the-server")
    query = f"copy (select 1) to program 'cat >{mark}'"
    done = inside(operator, f'psql -X -h {primary.lab.sockets} -p {primary.port} -U postgres -c "{query}" postgres')
    assert done.returncode == 0, done.stderr
    assert os.path.exists(mark)
    os.unlink(mark)


def test_an_instance_that_comes_later(operator: Operator) -> None:
    stage = operator.stage
    shield = Shell.of(operator)
    later = stage.primary.lab.primary(f"later-{time.monotonic_ns()}")
    try:
        until = time.monotonic() + 15
        while "Read-only" not in shield.line(f"touch {later.directory}/x"):
            assert time.monotonic() < until
            time.sleep(0.3)
        os.mkdir(f"{later.directory}-space")
        later.lab.give(f"{later.directory}-space")
        later.sql(f"create tablespace later location '{later.directory}-space'")
        until = time.monotonic() + 15
        while "Read-only" not in shield.line(f"touch {later.directory}-space/x"):
            assert time.monotonic() < until
            time.sleep(0.3)
        assert shield.end() == 0
    finally:
        later.kill()


def test_an_ordinary_account_has_one_too(operator: Operator) -> None:
    primary = operator.stage.primary
    may_reach(operator.place)
    owner = os.stat(primary.directory)
    become = ("setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups")
    script = f"id -u; touch {primary.directory}/x; rm -rf /proc/{primary.pid}/cwd/base; umount -l {primary.directory}"
    done = operator.unattended(*become, "guardsh", "shell", "--", "sh", "-c", script)
    assert done.stdout == f"{owner.st_uid}\n", done.stderr
    assert "Read-only file system" in done.stderr
    assert os.path.isdir(primary.path("base", "1"))


def test_an_ordinary_account_without_namespaces_is_told(operator: Operator) -> None:
    """In a chroot the kernel gives nobody a user namespace (user_namespaces(7), EPERM)."""
    may_reach(operator.place)
    script = f"mount --rbind / {operator.place}/home && exec chroot --userspec={NOBODY}:{NOBODY} {operator.place}/home"
    done = operator.unattended("sh", "-c", f'{script} "$0" "$@"', "guardsh", "shell", "--", "true")
    assert done.returncode == 125
    assert re.fullmatch(
        r"guardsh: no shield: this kernel gives an ordinary account no namespaces of its own: .*\n"
        r"hint: as root: sudo guardsh shell\n",
        done.stderr,
    ), done.stderr


def test_a_kernel_without_landlock_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mock, since the kernel of the machine has it: the answer of the version probe."""
    given_up: list[object] = []
    monkeypatch.setattr(landlock, "version", lambda: 1)
    monkeypatch.setattr(landlock, "keep_apart", lambda: pytest.fail("no domain"))
    monkeypatch.setattr(capabilities, "give_up", given_up.extend)
    assert "no Landlock 2 (Linux 5.19)" in shield._lock()
    assert given_up == list(shield.GIVEN_UP)
