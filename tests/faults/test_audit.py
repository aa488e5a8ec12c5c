"""The audit trail on bad days: full disks, planted files, many writers, sudden death."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guardsh.audit import file as audit_file
from guardsh.audit import trail

ROOT = os.geteuid() == 0
root_only = pytest.mark.skipif(not ROOT, reason="mounts file systems in a namespace of its own: needs root")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
RECORDER = f"{sys.executable} -m tests.faults.recorder"
HERE = Path(__file__).parents[2]
NOBODY = 65534
# Imported first: another account may not be able to read this checkout.
BECOME_NOBODY = (
    "import socket; from tests.faults import recorder; from guardsh.system.apart import Account; "
    f"Account({NOBODY}, {NOBODY}).become()"
)

# /run and /dev/log are this machine's own: the tests get private ones.
PRIVATE = "mount -t tmpfs run /run; [ ! -e /dev/log ] || mount --bind /dev/null /dev/log; "


def in_namespace(script: str, *arguments: str) -> list[str]:
    """Run a shell script where its mounts are its own; the lines it printed."""
    command = ["unshare", "-m", "sh", "-ec", PRIVATE + script, "sh", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=HERE, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def details(*files: str) -> list[str]:
    return [event.get("detail", "broken") for event in trail.read(files)]


@root_only
def test_full_disk_falls_back_and_the_next_line_is_whole(tmp_path: Path) -> None:
    """Seven lines of 1.5 kB on a disk of 8 kB, then the disk gets room again."""
    lines = in_namespace(
        f"""mount -t tmpfs -o size=8k tmpfs "$1"
        {RECORDER} "$1/audit.jsonl" 0 7 1500
        mount -o remount,size=64k "$1"
        {RECORDER} "$1/audit.jsonl" 7 1 10
        cp "$1/audit.jsonl" "$2/disk"; cp /run/guardsh/audit.jsonl "$2/run"; stat -c %a /run/guardsh >"$2/mode" """,
        *(str(path) for path in _directories(tmp_path, "disk", "out")),
    )
    disk, run = str(tmp_path / "disk/audit.jsonl"), "/run/guardsh/audit.jsonl"
    sinks = [line.split(" ", 1)[1] for line in lines]
    on_disk = sinks.index(run)
    assert 0 < on_disk < 7
    assert sinks == [disk] * on_disk + [run] * (7 - on_disk) + [disk]
    assert "".join(details(str(tmp_path / "out/disk"))) == "".join(map(str, range(on_disk))) + "broken7"
    assert details(str(tmp_path / "out/run")) == [str(number) for number in range(on_disk, 7)]
    last = (tmp_path / "out/disk").read_text().splitlines()[-1]
    assert json.loads(last)["detail"] == "7"  # to any reader of lines, not to ours alone
    assert (tmp_path / "out/mode").read_text() == "750\n"


@root_only
def test_no_sink_left_is_said_with_every_reason(tmp_path: Path) -> None:
    (disk,) = _directories(tmp_path, "disk")
    (line,) = in_namespace(
        f"""mount -t tmpfs -o size=4k tmpfs "$1"
        mount -o remount,ro /run
        {RECORDER} "$1/audit.jsonl" 0 1 20000""",
        str(disk),
    )
    assert line.startswith(
        f"0 could not record the decision: {disk}/audit.jsonl: no space left on device; "
        "/run/guardsh/audit.jsonl: read-only file system; system log: "
    )


@root_only
@needs_strace
def test_a_disk_that_fails_at_fsync_is_not_trusted(tmp_path: Path) -> None:
    (line,) = in_namespace(
        f"""strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:error=EIO:when=2 \
        {RECORDER} "$1/audit.jsonl" 0 1 10""",
        str(tmp_path),
    )
    assert line == "0 /run/guardsh/audit.jsonl"


@needs_strace
def test_the_line_is_on_disk_before_record_returns(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    trace = tmp_path / "trace"
    command = [
        "strace",
        "-qq",
        "-o",
        str(trace),
        "-e",
        "trace=write,fsync",
        *RECORDER.split(),
        str(path),
        "0",
        "1",
        "9",
    ]
    subprocess.run(command, cwd=HERE, check=True, capture_output=True)
    calls = [line.partition("(")[0] + line.partition("(")[2][:1] for line in trace.read_text().splitlines()]
    said = calls.index("write1")  # the recorder's own, after record has returned
    assert [call.rstrip("0123456789") for call in calls[said - 3 : said]] == ["fsync", "write", "fsync"]


@root_only
def test_an_ordinary_account_records_in_its_home() -> None:
    lines = in_namespace(
        f"""mkdir -m 700 /run/log; mkdir /run/home; chown {NOBODY} /run/home; umask 000
        HOME=/run/home {sys.executable} -c "{BECOME_NOBODY}; recorder.main('/run/log/guardsh/audit.jsonl', 0, 1, 10)"
        stat -c %a /run/home/.local /run/home/.local/state/guardsh/audit.jsonl"""
    )
    assert lines == ["0 /run/home/.local/state/guardsh/audit.jsonl", "750", "640"]


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "audit.jsonl").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        audit_file.append(str(tmp_path / "audit.jsonl"), b"line\n")
    assert victim.read_text() == "precious"


def test_a_planted_directory_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "guardsh").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="Not a directory"):
        audit_file.append(str(tmp_path / "guardsh/audit.jsonl"), b"line\n")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_planted_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "audit.jsonl")
    with pytest.raises(OSError, match="not a regular file"):
        audit_file.append(str(tmp_path / "audit.jsonl"), b"line\n")


def test_a_hard_link_in_a_shared_directory_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "audit.jsonl").hardlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="others can write its directory"):
        audit_file.append(str(shared / "audit.jsonl"), b"line\n")
    assert (tmp_path / "victim").read_text() == "precious"


@pytest.mark.skipif(not ROOT, reason="gives a file to another account: needs root")
def test_a_file_of_another_account_in_a_shared_directory_is_not_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    planted = tmp_path / "audit.jsonl"
    planted.touch()
    os.chown(planted, NOBODY, NOBODY)
    # EACCES where fs.protected_regular forbids it already (proc_sys_fs(5)).
    with pytest.raises(OSError, match=r"others can write its directory|Permission denied"):
        audit_file.append(str(planted), b"line\n")
    assert planted.read_bytes() == b""


def test_many_writers_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "audit.jsonl")
    writers = [_start_recorder(path, 1000 * writer, 50, 9000) for writer in range(8)]
    for writer in writers:
        writer.communicate(timeout=120)
    assert sorted(map(int, details(path))) == sorted(1000 * writer + n for writer in range(8) for n in range(50))


def test_killed_while_writing(tmp_path: Path) -> None:
    """What record had returned for is there, whole; a line cut short costs no other."""
    path = str(tmp_path / "audit.jsonl")
    confirmed: set[str] = set()
    for round_ in range(6):
        writer = _start_recorder(path, 1000 * round_, 1000, 400_000)
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(random.uniform(0, 0.1))
        writer.kill()
        out, _ = writer.communicate(timeout=60)
        confirmed |= {line.split()[0] for line in (first + out).splitlines() if line.endswith(path)}
    subprocess.run([*RECORDER.split(), path, "9999", "1", "10"], cwd=HERE, check=True, capture_output=True)
    seen = details(path)
    assert confirmed | {"9999"} <= set(seen)
    assert len(seen) == len(set(seen) - {"broken"}) + seen.count("broken")


def _start_recorder(path: str, first: int, count: int, size: int) -> subprocess.Popen[str]:
    command = [*RECORDER.split(), path, str(first), str(count), str(size)]
    return subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True)


def _directories(parent: Path, *names: str) -> list[Path]:
    paths = [parent / name for name in names]
    for path in paths:
        path.mkdir()
    return paths
