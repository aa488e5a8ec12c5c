"""The state file: replaced whole, kept by one, and believed only as far as it can be checked."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guardsh.model.node_state import NodeState
from guardsh.system import state_place
from guardsh.watch import state_file
from guardsh.watch.state_file import KeptByAnother, StateFile

NOW = 1_763_846_400
PRIMARY = NodeState(NOW, "primary", "running", ("only-copy",))
LINE = f"1 {NOW} primary running only-copy -\n"
ROOT = os.geteuid() == 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "state"


def test_it_is_there_for_everybody_whatever_the_umask(path: Path) -> None:
    before = os.umask(0o077)
    try:
        file = StateFile(str(path))
        file.write(PRIMARY)
    finally:
        os.umask(before)
    assert path.read_text() == LINE
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert sorted(os.listdir(path.parent)) == ["state", "state.lock"]
    file.close()


def test_a_reader_has_the_old_line_or_the_new_one(path: Path) -> None:
    file = StateFile(str(path))
    file.write(PRIMARY)
    with path.open() as opened:
        file.write(NodeState(NOW + 5, "replica", "running"))
        assert opened.read() == LINE
    file.close()


def test_one_keeper(path: Path) -> None:
    file = StateFile(str(path))
    other = subprocess.run(
        [sys.executable, "-c", f"from guardsh.watch.state_file import *; StateFile({str(path)!r})"],
        capture_output=True,
        check=False,
    )
    assert KeptByAnother.__name__.encode() in other.stderr
    file.close()
    StateFile(str(path)).close()


def test_a_link_in_place_of_the_new_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    file = StateFile(str(path))
    (tmp_path / "precious").write_text("precious")
    path.with_name("state.new").symlink_to(tmp_path / "precious")
    file.write(PRIMARY)
    assert (tmp_path / "precious").read_text() == "precious"
    file.close()


def test_on_a_full_file_system_there_is_no_state_rather_than_an_old_one(tmp_path: Path) -> None:
    if not ROOT:
        pytest.skip("only root can mount a small file system")
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "guardsh-test", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        file = StateFile(str(tmp_path / "state"))
        file.write(PRIMARY)
        filler = tmp_path / "filler"
        with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as full:
            while True:
                full.write(bytes(4096))
        with pytest.raises(OSError, match="No space"):
            file.write(NodeState(NOW + 5, "replica", "running"))
        assert sorted(os.listdir(tmp_path)) == ["filler", "state.lock"]
        filler.unlink()
        file.write(PRIMARY)
        assert (tmp_path / "state").read_text() == LINE
        file.close()
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


@pytest.mark.parametrize(("age", "believed"), [(-3, False), (-2, True), (0, True), (15, True), (16, False)])
def test_a_state_is_believed_for_fifteen_seconds(path: Path, age: int, believed: bool) -> None:
    write(path, LINE.encode())
    assert state_file.read(str(path), NOW + age) == (PRIMARY if believed else None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        LINE.encode() * 2,
        LINE.encode()[:-1] + b"\r\n",
        LINE.encode() + b" ",
        LINE.encode() + b"\n",
        b" " + LINE.encode(),
        LINE.encode().replace(b" ", b"\t"),
        LINE.encode().replace(b"primary", b"PRIMARY"),
        LINE.encode().replace(b"primary", b"$(id)"),
        LINE.encode().replace(b"only-copy", b"\x1b]11;#00ff00\x07"),
        LINE.encode().replace(b"only-copy", b"\x9d11;#00ff00\x9c"),
        LINE.encode().replace(b"only-copy", "only-çopy".encode()),
        LINE.encode().replace(b"1 ", b"2 ", 1),
        LINE.encode().replace(b"1 1763846400", b"1 x[$(id)]", 1),
        LINE.encode() + b"\0",
        b"\0" * 400,
        b"1 " * 1_000_000,
        LINE.encode()[:-3] + b"md0:degraded:7:99999\n",
        LINE.encode()[:-3] + b"md$(id):degraded:7:8\n",
    ],
)
def test_hostile_contents(path: Path, content: bytes) -> None:
    write(path, content)
    assert state_file.read(str(path), NOW) is None


def test_what_is_no_file_is_never_waited_for(path: Path) -> None:
    path.parent.mkdir()
    begun = time.monotonic()
    for make in (os.mkfifo, os.mkdir, lambda name: os.symlink("/dev/zero", name), lambda name: None):
        make(path)
        assert state_file.read(str(path), NOW) is None
        if path.is_dir():
            path.rmdir()
        elif os.path.lexists(path):
            path.unlink()
    assert time.monotonic() - begun < 1


def test_what_others_may_write_is_not_believed(path: Path) -> None:
    write(path, LINE.encode())
    for mode in (0o664, 0o646):
        path.chmod(mode)
        assert state_file.read(str(path), NOW) is None


def test_what_another_account_owns_is_not_believed(path: Path) -> None:
    if not ROOT:
        pytest.skip("only root can make a file of another account")
    write(path, LINE.encode())
    os.chown(path, 65534, 65534)
    assert state_file.read(str(path), NOW) is None


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o644)


def test_where_it_lies() -> None:
    runtime = {"XDG_RUNTIME_DIR": "/run/user/1000"}
    assert state_place.to_write({}, 0) == "/run/guardsh/state"
    assert state_place.to_write(runtime, 1000) == "/run/user/1000/guardsh/state"
    assert state_place.to_write({}, 1000) == os.path.expanduser("~/.cache/guardsh/state")
    assert state_place.to_write({"GUARDSH_STATE": "/x/state", **runtime}, 0) == "/x/state"
    assert state_place.to_read({"GUARDSH_STATE": "/x/state", **runtime}) == "/x/state"


def test_nothing_but_a_state_is_replaced(tmp_path: Path) -> None:
    for content in ("root:x:0:0:root:/root:/bin/bash\n", "1 2 3\n", "\xff", ""):
        theirs = tmp_path / "passwd"
        theirs.write_text(content)
        with pytest.raises(FileExistsError, match="something else is there"):
            StateFile(str(theirs))
        assert theirs.read_text() == content
    (tmp_path / "link").symlink_to(theirs)
    with pytest.raises(OSError):
        StateFile(str(tmp_path / "link"))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link", "passwd"]
