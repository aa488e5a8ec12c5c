"""Words, environment, streams, signals and the process itself reach the real program as they were."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fidelity.conftest import FRONT_DOOR, Probe

WORDS = "cat /proc/$$/cmdline; exit"  # exit: no shell becomes the cat
ENVIRONMENT = "cat /proc/$$/environ; exit"


@pytest.mark.parametrize(
    "operands",
    [
        [b""],
        [b"", b"", b"a", b""],
        [b"\xff\xfe\x80", b"a\nb", b"\t", b" ", b"\x1b[31m", "ü€".encode(), b"\xc3("],
        [b"--", b"-", b"*", b"$(true)", b"'", b'"', b"\\"],
    ],
    ids=["empty", "several empty", "bytes", "of the shell"],
)
@pytest.mark.parametrize("locale", [b"C", b"C.UTF-8", b"POSIX", b"de_DE.ISO-8859-1", b""])
def test_words_byte_for_byte(probe: Probe, operands: list[bytes], locale: bytes) -> None:
    done = probe.guarded(WORDS, *operands, env={**probe.environment, b"LC_ALL": locale})
    assert (done.status, done.err) == (0, b"")
    assert done.out.split(b"\0") == [b"rm", os.fsencode(probe.place / "script"), *operands, b""]


def test_as_many_words_as_fit(probe: Probe) -> None:
    operands = [b"%05d" % number for number in range(100_000)]
    done = probe.guarded(WORDS, *operands)
    assert done.out.split(b"\0")[2:-1] == operands


def test_run_passes_the_words_too(probe: Probe) -> None:
    operands = [b"", b"\xff", b"--help", b"--", b"-x", b"a\nb"]
    done = probe.run("sh", "-c", WORDS, *operands)
    assert done.out.split(b"\0") == [b"sh", b"-c", WORDS.encode(), *operands, b""]
    with_options: list[str | bytes | Path] = [
        FRONT_DOOR,
        "run",
        "--override",
        "INC-42",
        "--",
        "sh",
        "-c",
        WORDS,
        *operands,
    ]
    assert probe.start(with_options, b"guardsh").out == done.out


@pytest.mark.parametrize("unset", [True, False])
def test_environment_byte_for_byte(probe: Probe, unset: bool) -> None:
    """In the C locale Python sets LC_CTYPE for itself (PEP 538)."""
    own = {b"EMPTY": b"", b"BYTES": b"\xff\xfe", b"LINE": b"a\nb=c", b"a b": b"odd name", b"PYTHONUTF8": b"0"}
    env = {**probe.environment, **own, b"LC_ALL": b"C"}
    if unset:
        del env[b"LC_ALL"]
    assert probe.guarded(ENVIRONMENT, env=env).out == probe.direct(ENVIRONMENT, env=env).out
    assert b"LC_CTYPE" not in probe.guarded(ENVIRONMENT, env=env).out


# An environment that no shell makes, and the kernel takes: Popen would refuse it.
ODD = """
import ctypes, os, sys
path = b"PATH=" + sys.argv[1].encode()
entries = [path, b"TWICE=1", b"TWICE=2", b"no equals sign", b"=leading", b"==", b"", b"LAST=1"]
words = [os.fsencode(word) for word in sys.argv[2:]]
array = lambda of: (ctypes.c_char_p * (len(of) + 1))(*of, None)
ctypes.CDLL(None).execve(words[0], array(words), array(entries))
"""


def test_an_environment_that_no_shell_makes(probe: Probe) -> None:
    path = os.fsdecode(probe.environment[b"PATH"])
    script = probe.script(ENVIRONMENT)
    outs = [
        subprocess.run(["python3", "-c", ODD, path, program, script], capture_output=True, check=True).stdout
        for program in (probe.links / "rm", probe.tools / "rm")
    ]
    assert outs[0] == outs[1]
    assert b"no equals sign" in outs[1]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_umask(probe: Probe, mask: int) -> None:
    assert int(probe.guarded("umask", umask=mask).out, 8) == mask


def test_working_directory(probe: Probe, tmp_path: Path) -> None:
    strange = tmp_path / "a\nb"
    strange.mkdir()
    link = tmp_path / "link"
    link.symlink_to(strange)
    done = probe.guarded("readlink /proc/$$/cwd; pwd", cwd=link, env={**probe.environment, b"PWD": os.fsencode(link)})
    assert done.out == os.fsencode(f"{strange}\n{link}\n")


def test_a_deleted_working_directory(probe: Probe, tmp_path: Path) -> None:
    def into_nothing() -> None:
        (tmp_path / "gone").mkdir()
        os.chdir(tmp_path / "gone")
        (tmp_path / "gone").rmdir()

    done = probe.guarded("readlink /proc/$$/cwd", "operand", preexec_fn=into_nothing)
    direct = probe.direct("readlink /proc/$$/cwd", "operand", preexec_fn=into_nothing)
    assert done.out == direct.out == os.fsencode(f"{tmp_path}/gone (deleted)\n")
    assert done.err == direct.err


def test_open_descriptors(probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "seven").write_bytes(b"of the caller")

    def open_seven() -> None:
        os.dup2(os.open(tmp_path / "seven", os.O_RDONLY), 7)

    tell = "ls /proc/$$/fd; cat <&7"
    done = probe.guarded(tell, preexec_fn=open_seven, close_fds=False)
    assert done.out == probe.direct(tell, preexec_fn=open_seven, close_fds=False).out
    assert done.out.endswith(b"7\nof the caller")


def test_streams_are_the_very_same(probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"first\nsecond\n")
    with open(tmp_path / "in", "rb", buffering=0) as stdin:
        stdin.read(6)
        done = probe.guarded("readlink /proc/$$/fd/0; cat", stdin=stdin)
    assert done.out == os.fsencode(tmp_path / "in") + b"\nsecond\n"


def test_closed_streams_stay_closed(probe: Probe) -> None:
    def close_all() -> None:
        for number in range(3):
            os.close(number)

    probe.guarded(f"ls /proc/$$/fd >{probe.place}/open", preexec_fn=close_all)
    guarded = (probe.place / "open").read_bytes()
    probe.direct(f"ls /proc/$$/fd >{probe.place}/open", preexec_fn=close_all)
    assert guarded == (probe.place / "open").read_bytes()


def test_it_is_the_same_process(probe: Probe) -> None:
    done = probe.guarded("echo $$ $PPID")
    assert done.out.split() == [b"%d" % done.pid, b"%d" % os.getpid()]


def ignored(*numbers: signal.Signals) -> Callable[[], None]:
    def ignore() -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)

    return ignore


def blocked() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTERM])


@pytest.mark.parametrize(
    "prepare",
    [ignored(), ignored(signal.SIGHUP), ignored(signal.SIGINT, signal.SIGQUIT), ignored(signal.SIGCHLD), blocked],
    ids=["defaults", "nohup", "background of sh", "SIGCHLD", "blocked"],
)
def test_signal_dispositions(probe: Probe, prepare: Callable[[], None]) -> None:
    tell = "grep ^Sig /proc/$$/status | grep -v SigQ; kill -l >/dev/null"
    assert probe.guarded(tell, preexec_fn=prepare).out == probe.direct(tell, preexec_fn=prepare).out


def test_a_broken_pipe_ends_it(probe: Probe) -> None:
    assert probe.guarded("kill -PIPE $$").status == -signal.SIGPIPE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGQUIT, signal.SIGHUP])
def test_death_by_signal(probe: Probe, number: signal.Signals) -> None:
    assert probe.guarded(f"ulimit -c 0; kill -{number.name[3:]} $$").status == -number


@pytest.mark.parametrize("status", [0, 1, 2, 77, 125, 126, 127, 128, 255])
def test_exit_status(probe: Probe, status: int) -> None:
    assert probe.guarded(f"exit {status}").status == status


def test_limits_and_priority(probe: Probe) -> None:
    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        os.nice(3)

    tell = "ulimit -a; cat /proc/$$/oom_score_adj; cut -d' ' -f19 /proc/$$/stat"
    assert probe.guarded(tell, preexec_fn=prepare).out == probe.direct(tell, preexec_fn=prepare).out


def test_nothing_is_said_or_left(probe: Probe) -> None:
    before = sorted(probe.place.rglob("*"))
    done = probe.guarded("exit 0")
    assert (done.out, done.err) == (b"", b"")
    assert sorted(probe.place.rglob("*")) == sorted({*before, probe.place / "script"})
