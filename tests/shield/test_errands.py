"""What leaves a shield: what was judged, and confirmed, outside; once, as a part of whoever asked; and nothing else."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.faults.operator import HOST, Operator, incomplete_copy
from tests.shells.other_accounts import needs
from tests.shield.conftest import Shell
from tests.shield.test_shell import brokers_of

# A program in the shield that speaks to the broker itself. Arguments: the words of its errand.
FORGER = """
import os, sys
from guardsh.system import errand
door = errand.connect()
nothing = os.open(os.devnull, os.O_RDWR)
words = tuple(map(os.fsencode, sys.argv[1:]))
environment = tuple(b"%s=%s" % each for each in os.environb.items())
made = errand.Errand(words, environment, 0o22, (), (0, 1, 2), False)
errand.send(door, made, [os.open("/", os.O_RDONLY), *[nothing] * 3])
print(door.recv(errand.REPLY.size))
"""


def test_what_is_confirmed_runs_outside_once(operator: Operator, shell: Shell, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    shell.send(f"cd {copy}; guardsh run -- rm -rv base")
    shell.answer(f"{HOST} incomplete")
    assert "[0]" in shell.done()
    assert not (copy / "base").exists()
    assert [record["outcome"] for record in operator.decisions()] == ["accept"]
    assert shell.end() == 0


def test_what_is_refused_does_not(operator: Operator, shell: Shell) -> None:
    primary = operator.stage.primary
    shell.send(f"guardsh run -- rm -rf {primary.directory}")
    shell.answer("wrong")
    assert "[77]" in shell.done()
    assert os.path.exists(primary.path("PG_VERSION"))
    assert [record["outcome"] for record in operator.records()] == ["reject"]


def test_what_touches_nothing_stays_inside(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "PG_VERSIONS").mkdir()
    ours = shell.line("readlink /proc/self/ns/mnt")
    assert re.findall(r"mnt:\[\d+\]", shell.line("guardsh run -- readlink /proc/self/ns/mnt")) == re.findall(
        r"mnt:\[\d+\]", ours
    )


def test_what_is_typed_reaches_a_command_outside(shell: Shell, tmp_path: Path) -> None:
    begin_outside(shell, tmp_path, "echo begun; exec sleep 100")
    shell.session.wait_for("begun")
    shell.session.type("\x1a")
    assert "Stopped" in shell.line("jobs")
    shell.send("fg")
    time.sleep(0.5)
    shell.session.type("\x03")
    assert "[130]" in shell.done()


def test_on_a_terminal_of_its_own(shell: Shell, tmp_path: Path) -> None:
    """script(1) begins a session, as sudo with use_pty and tmux do: the broker is in another one."""
    copy = incomplete_copy(tmp_path)
    shell.send(f"script -qec 'guardsh run -- rm -r {copy}/base' /dev/null")
    shell.answer(f"{HOST} incomplete")
    assert "[0]" in shell.done()
    assert not (copy / "base").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--", "rm", "-rf", "{}"),
        ("shell", "--outside", "--", "rm", "-rf", "{}"),
        ("outside", "1", "1", "0", "shell", "--outside", "--", "rm", "-rf", "{}"),
        ("run", "--confirm", "db-01 replica", "--", "rm", "-rf", "{}"),
    ],
)
def test_a_forged_errand_runs_nothing(operator: Operator, tmp_path: Path, words: tuple[str, ...]) -> None:
    primary = operator.stage.primary
    (tmp_path / "forger.py").write_text(FORGER)
    given = [word.format(primary.directory) for word in words]
    done = operator.unattended("guardsh", "shell", "--", sys.executable, str(tmp_path / "forger.py"), *given)
    assert done.stdout.startswith("b'x"), done  # an exit status: it was judged
    assert done.stdout != f"{b'x' + bytes(4)!r}\n"  # and refused
    assert os.path.exists(primary.path("PG_VERSION"))
    assert "of_the" not in primary.sql("select 1")


def outside(shell: Shell, place: Path, script: str) -> str:
    """What a script says that is run outside."""
    begin_outside(shell, place, script)
    return shell.done()


def begin_outside(shell: Shell, place: Path, script: str) -> None:
    """Run a script outside, in the place of a guarded command that is confirmed."""
    copy = incomplete_copy(place)
    (place / "bin").mkdir()
    (place / "bin" / "mv").write_text(f"#!/bin/sh\n{script}\n")
    (place / "bin" / "mv").chmod(0o755)
    shell.send(f"PATH={place}/bin:$PATH guardsh run -- mv {copy}/base {place}")
    shell.answer(f"{HOST} incomplete")


def test_what_loads_code_into_guardsh_reaches_the_command_alone(
    operator: Operator, shell: Shell, tmp_path: Path
) -> None:
    """An operator's PYTHONPATH and LD_PRELOAD are the command's own; who judges out there is guardsh as installed."""
    data = operator.stage.primary.directory
    (tmp_path / "sitecustomize.py").write_text(f"try: open('{data}/loaded', 'x')\nexcept OSError: pass\n")
    shell.line(f"export PYTHONPATH={tmp_path} LD_PRELOAD=libm.so.6 OWN=own")
    said = outside(shell, tmp_path, "echo $PYTHONPATH=$LD_PRELOAD=$GUARDSH_SHIELD=$OWN")
    assert f"{tmp_path}=libm.so.6=off=own" in said
    assert not os.path.exists(f"{data}/loaded")


@needs("sudo", "su", "sg", "systemctl")
def test_tools_that_become_others_work_in_it_and_out_of_it(shell: Shell, tmp_path: Path) -> None:
    script = "echo I am $(sudo -n id -u; su -c 'id -u'; sg root 'id -u')"
    (tmp_path / "who").write_text(script)
    assert "I am 0 0 0" in shell.line(f"sh {tmp_path}/who")
    assert "I am 0 0 0" in outside(shell, tmp_path, script)
    assert "systemd 2" in shell.line("systemctl --version")


def test_status_says_that_it_is_one(operator: Operator, shell: Shell) -> None:
    assert "this shell is shielded" in shell.line("guardsh status")
    assert "shielded" not in operator.unattended("guardsh", "status").stdout


def test_without_its_broker_a_shield_stays_one(operator: Operator, shell: Shell) -> None:
    primary = operator.stage.primary
    (broker,) = brokers_of(operator)
    os.kill(broker, signal.SIGKILL)
    assert "Read-only" in shell.line(f"touch {primary.directory}/x")
    assert os.path.exists(primary.path("PG_VERSION"))
