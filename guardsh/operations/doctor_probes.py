"""Probes of guardsh doctor: guarded commands, really run without a terminal, in every spelling, on a bait.

The bait is a directory that looks like an incomplete copy of nobody's; where a command on it is not caught, nothing is
lost: rm removes the bait, the others fail by themselves (a directory that is not empty, a host and a backup that do not
exist). Each that is caught is on record, as every refused command.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

REFUSED = 77
_PATIENCE = 30.0  # seconds for one probe

ARGUMENTS = {
    "pg_basebackup": "-h /nonexistent-guardsh-doctor -D {bait}",
    "pg_ctl": "initdb -D {bait}",
    "rm": "-rf {bait}",
    "wal-g": "backup-fetch {bait} guardsh-doctor",
}
SHELLS = ("bash", "zsh", "fish")

# What a shell itself does with a name: tried in each. {name}, {command} = name and arguments.
# By shell; "" for the others.
_IN_SHELLS: dict[str, dict[str, str]] = {
    "NAME": {"": "{command}"},
    "\\NAME": {"fish": "", "": "\\{command}"},  # \r there would be a carriage return
    '"NAME"': {"": '"{name}" {arguments}'},
    "command NAME": {"": "command {command}"},
    "eval NAME": {"": "eval {quoted}"},
    "(NAME)": {"fish": "begin; {command}; end", "": "( {command} )"},
    "v=NAME; $v": {"fish": "set v {name}; $v {arguments}", "": "v={name}; $v {arguments}"},
    "time NAME": {"": "time {command}"},
    "echo | NAME": {"": "echo | {command}"},
    "NAME &": {"": "{command} & wait"},
}
# script(1) makes a terminal, on which the question is put: a wrong answer.
_ENTER = "while sleep 0.3; do echo; done | "
# What programs do with it: the same from every shell. {path} is the program's own, {script} a file with the command.
_BY_PROGRAMS = {
    "env NAME": "env {command}",
    "env -i NAME": "env -i {command}",
    "nohup NAME": "nohup {command}",
    "timeout nice NAME": "timeout 20 nice {command}",
    "setsid NAME": "setsid -w {command}",
    "/usr/bin/time NAME": "/usr/bin/time {command}",
    "xargs NAME": "echo {arguments} | xargs {name}",
    "find -exec NAME": "find {bait} -maxdepth 0 -exec {command} ';'",
    "script -c NAME": _ENTER + "script -qec {quoted} /dev/null",
    "sh -c NAME": "sh -c {quoted}",
    "bash -lc NAME": "bash -lc {quoted}",
    "echo NAME | sh": "echo {quoted} | sh",
    "script with NAME": "sh {script}",
    "su -c NAME": "su -c {quoted}",
    "su - -c NAME": "su - -c {quoted}",
    "ssh localhost NAME": "ssh -o BatchMode=yes -o ConnectTimeout=5 localhost {quoted}",
    "sudo NAME": "sudo -n {command}",
    "sudo -E NAME": "sudo -n -E {command}",
    "sudo -i NAME": "sudo -n -i {command}",
    "sudo sh -c NAME": "sudo -n sh -c {quoted}",
    "/path/NAME": "{path} {arguments}",
    "sudo /path/NAME": "sudo -n {path} {arguments}",
    "script with /path/NAME": "sh {absolute_script}",
}
# These do not look on PATH as it is here: only a diversion catches them (and the line hook where they are typed).
PAST_PATH = ("env -i NAME", "/path/NAME", "sudo /path/NAME", "script with /path/NAME")
# What asks for a password where it may; tried where it does not.
_WITHOUT_PASSWORD = {
    "sudo": "sudo -n true",
    "su": "test $(id -u) = 0 && su -c true",
    "ssh": "ssh -o BatchMode=yes -o ConnectTimeout=5 localhost true",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """One spelling of one command. ``shell`` runs ``line``, in which {bait} and the scripts are still to be put."""

    name: str
    spelling: str
    shell: str
    line: str


def probes(name: str, program: str) -> Iterator[Probe]:
    """Every spelling that can be tried on this machine; ``program`` is the real one's path."""
    for shell in filter(shutil.which, SHELLS):
        for spelling, line in _IN_SHELLS.items():
            text = line.get(shell, line[""])
            if text:
                yield Probe(name, spelling, shell, text)
    for spelling, text in _BY_PROGRAMS.items():
        if _can_be_tried(text.removeprefix(_ENTER).split()[0]):
            yield Probe(name, spelling, "sh", text.replace("{path}", program))


def caught(probe: Probe, program: str) -> bool:
    """Run it. Whether guardsh refused, and the bait is untouched. Raises OSError, subprocess.TimeoutExpired."""
    with bait() as (place, directory):
        arguments = ARGUMENTS[probe.name].format(bait=directory)
        command = f"{probe.name} {arguments}"
        line = probe.line.format(
            name=probe.name,
            arguments=arguments,
            command=command,
            quoted=shlex.quote(command),
            bait=directory,
            script=_script(place, "script", command),
            absolute_script=_script(place, "absolute", f"{program} {arguments}"),
        )
        done = _run([probe.shell, "-c", line], place)
        refused = done.returncode == REFUSED or b"guardsh: " in done.stdout + done.stderr
        return refused and os.path.exists(f"{directory}/base/1/1259")


@contextmanager
def bait() -> Iterator[tuple[str, str]]:
    """A private directory, and in it what looks like an incomplete copy. Not below a temporary directory for an
    ordinary account: what lies there is scratch (guardsh/policy/defaults.toml)."""
    home = None if os.geteuid() == 0 else os.path.expanduser("~")
    with tempfile.TemporaryDirectory(prefix=".guardsh-doctor-", dir=home, ignore_cleanup_errors=True) as place:
        os.makedirs(f"{place}/bait/base/1")
        os.mkdir(f"{place}/bait/global")
        for name, text in (("PG_VERSION", "15\n"), ("base/1/1259", "nothing\n")):
            with open(f"{place}/bait/{name}", "w") as file:
                file.write(text)
        yield place, f"{place}/bait"


def _script(place: str, name: str, line: str) -> str:
    path = f"{place}/{name}"
    with open(path, "w") as file:
        file.write(line + "\n")
    return path


@cache
def _can_be_tried(program: str) -> bool:
    """Whether it is there, and would ask for nothing."""
    if program not in ("{path}", "echo") and shutil.which(program) is None:
        return False
    first = _WITHOUT_PASSWORD.get(program)
    return first is None or _run(["sh", "-c", first], "/").returncode == 0


def _run(words: list[str], cwd: str) -> subprocess.CompletedProcess[bytes]:
    """Without a terminal, in a session of its own: nobody can be asked."""
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen(words, cwd=cwd, start_new_session=True, stdin=null, stdout=pipe, stderr=pipe) as process:
        try:
            out, err = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)  # what it has started, too, and may tidy up
            raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)
