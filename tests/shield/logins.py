"""This machine with `guardsh install --login-shield dba`, in namespaces of its own, and whoever logs in to it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.operator import Session
from tests.install.machine import FRONT_DOOR
from tests.quiet_fish import QUIET_FISH

DATA = "/var/lib/postgresql/15/main"
LIB = "/usr/local/lib/guardsh"
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "TERM": "dumb",  # no colours are asked for
    "LANG": "C.UTF-8",
    **QUIET_FISH,
}
_PRIVATE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")

# $1: a directory for what is written; $2: guardsh. In the group: root, `owner`, whose data directory is there, and
# `plain`, who can write none; `other` is not.
_SETUP = f"""
set -e
mount -t tmpfs -o mode=755 tmpfs "$1"
for directory in etc root home usr/local var/lib var/log; do
    mkdir -p "$1/$directory/upper" "$1/$directory/work"
    mount -t overlay overlay "/$directory" \\
        -o "lowerdir=/$directory,upperdir=$1/$directory/upper,workdir=$1/$directory/work"
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd
echo "dba:x:4710:root,owner,plain" >>/etc/group
for each in 4711:owner 4712:plain 4713:other; do
    name=${{each#*:}} id=${{each%:*}}
    echo "$name:x:$id:$id::/home/$name:/bin/bash" >>/etc/passwd
    echo "$name:x:$id:" >>/etc/group
    echo "$name:*:19000:0:99999:7:::" >>/etc/shadow
    mkdir -p "/home/$name"
    chown "$name:$name" "/home/$name"
done
mkdir -p /etc/sudoers.d && echo 'plain ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/plain
printf '%s\\n' GUARDSH_WATCH=off {" ".join(f"{name}={value}" for name, value in QUIET_FISH.items())} >>/etc/environment
rm -rf /root/.bash* /root/.profile /root/.zsh* /root/.config /etc/profile.d/*
mkdir -p {DATA}/global
echo 15 >{DATA}/PG_VERSION
chown -R owner:owner /var/lib/postgresql
chmod 700 {DATA}
"$2" install --login-shield dba >/dev/null || [ $? = 1 ] # a program of the machine was left
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """``process`` is one in its namespaces, by our own number."""

    process: int

    def inside(self, script: str) -> str:
        """What a script of root's says there."""
        words = [*self._enter, "sh", "-c", script]
        return subprocess.run(
            words, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    def types(self, *words: str, **environment: str) -> Session:
        """Start a command there, at a terminal that is its own."""
        return Session([*self._enter, "setsid", "-c", *words], {**ENVIRONMENT, **environment}, "/")

    @property
    def _enter(self) -> Sequence[str]:
        return ("nsenter", "-t", str(self.process), "-m", "-p", "-w/")

    @contextmanager
    def broken(self, program: str) -> Iterator[None]:
        """With a script of sh in the place of guardsh. GUARDSH is the real one."""
        script = shlex.quote(f"#!/bin/sh\nGUARDSH={FRONT_DOOR}\n{program}")
        self.inside(
            f"echo {script} >{LIB}/broken; chmod 755 {LIB}/broken;"
            f"for file in {LIB}/login.*; do cp $file $file.kept; sed -i 's,{FRONT_DOOR},{LIB}/broken,' $file; done"
        )
        try:
            yield
        finally:
            self.inside(f"for file in {LIB}/login.*.kept; do mv $file ${{file%.kept}}; done")


@contextmanager
def machine(place: Path) -> Iterator[Machine]:
    place.mkdir(exist_ok=True)
    words = [*_PRIVATE, "sh", "-ec", f"{_SETUP}\necho ready; exec sleep 3600", "sh", str(place), str(FRONT_DOOR)]
    with subprocess.Popen(words, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as started:
        try:
            assert started.stdout and started.stdout.readline() == b"ready\n"
            children = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text()
            yield Machine(int(children.split()[0]))
        finally:
            started.kill()
            shutil.rmtree("/tmp/tmux-4711", ignore_errors=True)  # the owner's, outside: shields share it


class Login:
    """A login shell at a terminal."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.session.process.delaybeforesend = None
        self.number = 0
        self.greeting = self.line("true")

    def line(self, text: str) -> str:
        """Run a line; what was shown until its end."""
        self.number += 1
        before = len(self.session.raw)
        self.session.type(f"{text}; echo end-''{self.number}-\r")  # in a line: sudo reads what is typed ahead
        self.session.wait_for(f"end-{self.number}-")
        return self.session.raw[before:].decode(errors="replace")

    @property
    def is_shielded(self) -> bool:
        """By the kernel: whoever may write there cannot."""
        return "Read-only file system" in self.line(f"touch {DATA}/{time.monotonic_ns()}")

    @property
    def hears_keys(self) -> bool:
        """Whether SIGINT and SIGQUIT reach what is started here."""
        [ignored] = re.findall(r"SigIgn:\s+([0-9a-f]+)", self.line("grep SigIgn /proc/self/status"))
        return not int(ignored, 16) & 0b110

    def end(self) -> int:
        self.session.type("exit 0\r")
        return self.session.end().status
