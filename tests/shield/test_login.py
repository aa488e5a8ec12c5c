"""The shield as a group's login shell: whoever logs in gets a shell, and what is no login at a terminal is as ever."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.operator import needs_namespaces
from tests.install.machine import FRONT_DOOR
from tests.shells.other_accounts import needs
from tests.shield.logins import DATA, LIB, Login, Machine, machine

pytestmark = needs_namespaces
NOT = "guardsh: this shell is not shielded: "
SHELLS = ["/bin/bash", *(pytest.param(f"/usr/bin/{name}", marks=needs(name)) for name in ("zsh", "fish", "dash"))]


@pytest.fixture(scope="module")
def here() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="gsh-") as place, machine(Path(place)) as made:
        yield made


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_of_a_member_is_shielded_and_is_a_login_shell_as_ever(here: Machine, shell: str) -> None:
    login = Login(here.types("su", "-l", "-s", shell, "root"))
    assert NOT not in login.greeting
    assert login.is_shielded
    assert login.hears_keys
    number = "$fish_pid" if shell.endswith("fish") else "$$"
    name = shell.rpartition("/")[2]
    assert re.search(rf"it is -{name}=\s", login.line(f"echo it is $(tr '\\0' = </proc/{number}/cmdline)"))
    assert login.end() == 0


def test_the_owner_of_a_data_directory_is_shielded(here: Machine) -> None:
    login = Login(here.types("su", "-l", "owner"))
    assert login.is_shielded
    assert login.end() == 0


@needs("sudo")
def test_an_account_that_can_damage_nothing_keeps_sudo_and_root_by_sudo_is_shielded(here: Machine) -> None:
    login = Login(here.types("su", "-l", "plain"))
    assert "guardsh" not in login.greeting
    assert "[0]" in login.line("sudo -n true; echo [$?]")
    login.session.type("sudo -n -i\r")
    login.session.wait_for("guardsh: read only here: ")
    assert login.is_shielded


def test_another_account_is_left_alone(here: Machine) -> None:
    with here.broken("echo asked"):
        login = Login(here.types("su", "-l", "other"))
    assert "guardsh" not in login.greeting and "asked" not in login.greeting
    assert login.line("echo =$GUARDSH_SHIELD=").count("==") == 1
    assert login.end() == 0


def test_inside_a_shield_there_is_no_second(here: Machine) -> None:
    login = Login(here.types("su", "-l", "root"))
    [outer] = set(re.findall(r"mnt:\[\d+\]", login.line("readlink /proc/self/ns/mnt")))
    login.session.type("exec su -l root\r")
    [inner] = set(re.findall(r"mnt:\[\d+\]", login.line("readlink /proc/self/ns/mnt; echo =$GUARDSH_SHIELD=")))
    assert inner == outer
    assert "=1=" in login.session.raw.decode()


@needs("tmux")
def test_a_tmux_is_there_after_a_lost_connection(here: Machine) -> None:
    login = Login(here.types("su", "-l", "owner"))
    login.line("tmux -f /dev/null new -d -s kept; sleep 3")
    login.session.process.close(force=True)
    again = Login(here.types("su", "-l", "owner"))
    try:
        assert "kept: 1 windows" in again.line("tmux ls")
        again.line(f"tmux send-keys -t kept 'touch {DATA}/in-tmux; touch ~/in-tmux' Enter")
        again.line("until [ -e ~/in-tmux ]; do sleep 0.1; done")
        assert here.inside(f"ls /home/owner; ls {DATA}").split().count("in-tmux") == 1
        assert "kept" not in here.inside("su owner -c 'tmux ls' 2>&1 || :")
    finally:
        again.line("tmux kill-server")


def test_what_shields_share_leads_nowhere_else(here: Machine) -> None:
    """An account may put a link in its place; root's shield would have a way to write there."""
    here.inside("rm -rf /tmp/tmux-4711; mkdir -m 700 /tmp/tmux-4711; ln -s /tmp /tmp/tmux-4711/.shielded")
    here.inside("chown -hR owner:owner /tmp/tmux-4711")
    try:
        login = Login(here.types("su", "-l", "root"))
        assert "=0=" in login.line("echo =$(ls -A /tmp/tmux-4711 | wc -l)=")
        assert login.end() == 0
    finally:
        here.inside("rm /tmp/tmux-4711/.shielded")


GONE = '$GUARDSH "$@"; rm $0'  # between the first time and the second
HALF = (  # in the middle of an upgrade
    "import sys; sys.argv[0] = 'guardsh'; sys.modules['guardsh.operations'] = None;"
    " from guardsh.__main__ import main; sys.exit(main())"
)
FAULTS = {
    "gone": "rm $0; exec $0",
    "no interpreter": "exec /nowhere/python",
    "no module": "exec python3 -c 'import guardsh_is_not_there'",
    "silent": "exit 1",
    "killed": "kill -9 $$",
    "namespaces refused": 'exec strace -D -f -qq -o /dev/null -e inject=unshare:error=EPERM $GUARDSH "$@"',
    "killed by the kernel": 'exec strace -D -f -qq -o /dev/null -e inject=unshare:signal=KILL $GUARDSH "$@"',
    "a mount refused": 'exec strace -D -f -qq -o /dev/null -e inject=mount:error=ENOSPC:when=2+ $GUARDSH "$@"',
    "half gone at the second time": f'[ $2 = --try ] && exec $GUARDSH "$@"; exec {sys.executable} -c "{HALF}" "$@"',
    "refused at the second time": '[ $2 = --try ] && exec $GUARDSH "$@";'
    ' exec strace -D -f -qq -o /dev/null -e inject=unshare:error=ENOSPC $GUARDSH "$@"',
}


@needs("strace")
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_broken_there_is_a_shell_and_one_sentence(here: Machine, fault: str) -> None:
    with here.broken(FAULTS[fault]):
        login = Login(here.types("su", "-l", "root"))
        said = [line for line in login.greeting.splitlines() if "guardsh" in line and "@" not in line]
        assert len(said) == 1 and said[0].startswith(NOT), login.greeting
        assert not login.is_shielded
        assert login.hears_keys
        assert login.end() == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_whatever_the_shell_it_falls_through(here: Machine, shell: str) -> None:
    for program, told in (("echo broken >&2; exit 1", "broken"), (GONE, f"{LIB}/broken could not be started again")):
        with here.broken(program):
            login = Login(here.types("su", "-l", "-s", shell, "root"))
            assert login.greeting.count(NOT) == 1 and NOT + told in login.greeting
            assert not login.is_shielded
            assert login.hears_keys
            assert login.end() == 0


def test_while_it_hangs_ctrl_c_gives_a_shell(here: Machine) -> None:
    with here.broken("sleep 60"):
        session = here.types("su", "-l", "root")
        time.sleep(1)
        session.type("\x03")
        time.sleep(1)
        login = Login(session)
        assert not login.is_shielded


@pytest.mark.parametrize("shell", SHELLS[:-2])
def test_no_key_ends_what_stands_in_for_the_shell(here: Machine, shell: str) -> None:
    with here.broken('[ $2 = --try ] || sleep 1; exec $GUARDSH "$@"'):
        session = here.types("su", "-l", "-s", shell, "root")
        for _ in range(25):
            time.sleep(0.1)
            session.type("\x03")
        time.sleep(1)  # what is typed until a shell has heard of the key is gone with it
        login = Login(session)
        assert login.end() in (0, 130)


def test_a_configuration_that_cannot_be_used_and_no_room_anywhere_are_no_hindrance(here: Machine) -> None:
    bad = "mkdir -p /etc/guardsh; echo 'x = [' >/etc/guardsh/config.toml"
    full = "mount -t tmpfs -o size=4k tmpfs /run; head -c 9000 /dev/zero >/run/full 2>/dev/null || :"
    here.inside(f"{bad}; {full}; mount -o remount,ro /root")
    try:
        login = Login(here.types("su", "-l", "root"))
        assert login.is_shielded
        assert login.end() == 0
    finally:
        here.inside("rm /etc/guardsh/config.toml; umount /run; mount -o remount,rw /root")


def test_ways_to_be_left_alone(here: Machine) -> None:
    def shielded(*words: str, **environment: str) -> bool:
        login = Login(here.types(*words, **environment))
        assert "guardsh" not in login.greeting.replace(NOT, "") or login.is_shielded
        return login.is_shielded

    by_hand = ("setpriv", "--groups=4710", "bash", "-c", "exec -a -bash bash")
    assert shielded(*by_hand, HOME="/root")
    assert not shielded(*by_hand, HOME="/root", GUARDSH_SHIELD="off")
    for file in ("/root/.config/guardsh/no-login-shield", "/etc/guardsh/no-login-shield"):
        here.inside(f"mkdir -p {file.rpartition('/')[0]}; : >{file}")
        assert not shielded("su", "-l", "root")
        here.inside(f"rm {file}")
    assert not shielded("setpriv", "--groups=4710", "bash", "-l", HOME="/root")


def test_what_is_no_login_at_a_terminal_does_not_see_it(here: Machine) -> None:
    lines = (
        "su -l root -c 'env | sort; trap; set -o'",
        "bash -lc 'declare -f; declare -p | grep -v -e PID= -e _=; alias'",
        "echo 'set -o; env | sort' | bash -l",
        *(["zsh -lc 'functions; env | sort'"] if shutil.which("zsh") else []),
        *(["fish -lc 'functions -a; env | sort'"] if shutil.which("fish") else []),
    )
    script = "; ".join(f"env -i PATH=$PATH HOME=/root {line}" for line in lines)
    with here.broken("echo asked >>/run/asked"):
        with_it = here.inside(script)
        files = "/etc/profile.d/00-* /etc/fish/conf.d/00-* /etc/zsh/zprofile"
        aside = f"for file in {files}; do [ ! -e $file ] || mv $file $file.aside; done"
        here.inside(aside)
        without = here.inside(script)
        here.inside(f"for file in {files.replace('00-*', '00-*.aside')}.aside; do mv $file ${{file%.aside}}; done")
    assert with_it == without
    assert here.inside("ls /run | grep -c asked || :") == "0\n"


@needs("sshd", "ssh", "ssh-keygen", "scp", "sftp", "rsync")
def test_by_ssh(here: Machine, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"-p {port} -h /root/host -o AuthorizedKeysFile=/root/key.pub -o UsePAM=no -o StrictModes=no"
    here.inside(
        "for key in host key; do ssh-keygen -q -t ed25519 -N '' -f /root/$key; done;"
        f"{shutil.which('sshd')} -f /dev/null {options} -o ListenAddress=127.0.0.1 -o PidFile=/run/sshd.pid"
        f" -o PermitRootLogin=yes -o 'Subsystem=sftp internal-sftp'"
    )
    known = "-F /dev/null -i /root/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    try:
        login = Login(here.types("sh", "-c", f"exec ssh -tt {known} -p {port} root@127.0.0.1", HOME="/root"))
        assert login.is_shielded
        pid, session = re.findall(r"\b(\d+) +(\d+)\b", login.line("ps -o pid=,sid= -p $$"))[-1]
        assert pid == session  # it leads its session, as ever
        assert login.end() == 0
        with here.broken("echo asked >>/run/asked"):
            said = here.inside(f"""
                head -c 300000 /dev/urandom >/root/file; remote=root@127.0.0.1
                ssh {known} -p {port} $remote true && echo true
                ssh {known} -p {port} $remote cat </root/file | cmp - /root/file && echo cat
                ssh -tt {known} -p {port} $remote 'echo =$GUARDSH_SHIELD=' </dev/null
                scp {known} -P {port} -q /root/file $remote:/root/two && cmp /root/file /root/two && echo scp
                echo 'put /root/file /root/three' | sftp {known} -P {port} -q -b - $remote >/dev/null
                cmp /root/file /root/three && echo sftp
                rsync -e 'ssh {known} -p {port}' /root/file $remote:/root/four
                cmp /root/file /root/four && echo rsync
                ls /run | grep asked || :""")
        assert said.split() == ["true", "cat", "==", "scp", "sftp", "rsync"]
    finally:
        here.inside("kill $(cat /run/sshd.pid)")


def test_doctor_tries_it_and_looks_for_its_group(here: Machine) -> None:
    look = (
        "from guardsh.operations import doctor\n"
        "for check in doctor.condition():\n"
        "    if check.what == 'login shield': print(check.outcome.value, check.found)"
    )
    doctor = f"{sys.executable} -c {shlex.quote(look)}"
    assert here.inside(doctor) == "well of the group dba\n"
    here.inside("sed -i s/^dba:x:4710:/dba:x:4720:/ /etc/group")
    try:
        assert here.inside(doctor) == "wrong the group 'dba' has another number now: 4720\n"
    finally:
        here.inside("sed -i s/^dba:x:4720:/dba:x:4710:/ /etc/group")


def test_taken_out_again_it_is_gone(here: Machine) -> None:
    files = "/etc/profile.d /etc/fish /etc/zsh /usr/local/lib/guardsh"
    assert len(here.inside(f"find {files} -name '*guardsh-login*'; grep -rlF guardsh/login. {files} || :").split()) > 3
    try:
        here.inside(f"{FRONT_DOOR} install --no-login-shield >/dev/null || [ $? = 1 ]")
        assert here.inside(f"find {files} -name '*guardsh-login*'; grep -rlF guardsh/login. {files} || :") == ""
        login = Login(here.types("su", "-l", "root"))
        assert "guardsh: " not in login.greeting
        assert login.end() == 0
    finally:
        here.inside(f"{FRONT_DOOR} install --login-shield dba >/dev/null || [ $? = 1 ]")
