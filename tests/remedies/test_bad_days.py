"""Disks that are full, break off or know no flags, journals that are lost, several at once: nothing is lost by it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from guardsh.remedies import entry, moved, store
from guardsh.remedies.record import NotDoneError
from tests.remedies.conftest import planted
from tests.remedies.test_moved import empty, looks, remove
from tests.storage.loops import attach, detach, run, with_mounts

ROOT = Path(__file__).parents[2]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount, and mark a file immutable")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def acting(name: str, data: Path) -> list[str]:
    return [sys.executable, "-m", "tests.remedies.acts", name, str(data), store._registry()]


def act(name: str, data: Path, *tracing: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*tracing, *acting(name, data)], cwd=ROOT, capture_output=True, text=True, check=False)


def injected(call: str, what: str) -> tuple[str, ...]:
    return ("strace", "-f", "-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={call}:{what}")


@needs_strace
@pytest.mark.parametrize("how", ["empty", "stand in", "remove"])
def test_a_file_system_that_knows_no_flags(data: Path, how: str) -> None:
    """NFS, and ZFS before 2.2: renameat2 with any flag is EINVAL."""
    before = looks(data)
    no_flags = injected("renameat2", "error=EINVAL")
    assert act(how, data, *no_flags).returncode == 0
    assert not data.exists() if how == "remove" else list(data.iterdir()) == []
    assert act("undo", data, *no_flags).returncode == 0
    assert looks(data) == before


@needs_strace
@pytest.mark.parametrize("call", ["renameat2", "fsync", "write", "mkdirat", "renameat"])
def test_an_error_in_the_middle_leaves_everything_in_its_place(data: Path, call: str) -> None:
    before = looks(data)
    for number in range(1, 40):
        done = act("empty", data, *injected(call, f"error=EIO:when={number}"))
        if done.returncode == 0:
            for this in moved.saved([str(data)]):
                moved.put_back(this)
        assert looks(data) == before, (call, number)
        assert moved.saved([str(data)]) == ()
        assert os.listdir(data.parent) == ["data"], (call, number)
        if call != "write" and done.returncode == 0:
            break


def test_empty_directories_survive_what_cannot_be_put_back(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal's last writing fails, as on a full disk: they are all moved, and are listed."""
    for path in data.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name in ("pg_notify", "pg_replslot", "pg_stat"):
        (data / name).mkdir()
    before = looks(data)
    written: list[object] = []
    write = entry.write

    def failing(*given: object) -> None:
        written.append(given)
        if len(written) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(moved, "write", failing)
    empty(data)
    (kept,) = moved.saved([str(data)])
    moved.put_back(kept)
    assert looks(data) == before


def on_ext4(tmp_path: Path, work: Callable[[Path], None]) -> None:
    device = attach(tmp_path / "image")
    point = tmp_path / "mnt"
    point.mkdir()

    def mounted() -> None:
        run("mkfs.ext4", "-q", device)
        run("mount", device, str(point))
        work(point)

    try:
        with_mounts(mounted)
    finally:
        detach(device)


def fill(point: Path) -> None:
    with contextlib.suppress(OSError), open(point / "ballast", "wb") as file:
        while True:
            file.write(b"x" * 4096)
            file.flush()
    number = 0
    with contextlib.suppress(OSError):
        while True:
            (point / f"ballast.{number}").mkdir()
            number += 1


@needs_root
def test_a_full_disk(tmp_path: Path) -> None:
    def work(point: Path) -> None:
        moved_one, here = planted(point / "one"), planted(point / "two")
        before, kept = looks(moved_one), empty(moved_one)
        fill(point)
        two = looks(here)
        with pytest.raises(OSError, match="No space left"):
            empty(here)
        assert looks(here) == two
        moved.put_back(kept)
        assert looks(moved_one) == before

    on_ext4(tmp_path, work)


@needs_root
def test_purging_frees_a_full_disk(tmp_path: Path) -> None:
    def work(point: Path) -> None:
        data = planted(point / "data")
        kept = empty(data)
        fill(point)
        moved.purge(kept)
        assert moved.saved([str(data)]) == ()

    on_ext4(tmp_path, work)


@needs_root
def test_a_read_only_disk(tmp_path: Path) -> None:
    def work(point: Path) -> None:
        data = planted(point / "data")
        kept = empty(planted(point / "other"))
        before = looks(data)
        run("mount", "-o", "remount,ro", str(point))
        for attempt in (lambda: empty(data), lambda: moved.put_back(kept), lambda: moved.purge(kept)):
            with pytest.raises(OSError, match="Read-only"):
                attempt()
        assert looks(data) == before
        assert [each.id for each in moved.saved([str(data)])] == [kept.id]

    on_ext4(tmp_path, work)


@needs_root
def test_after_a_reboot_the_device_has_another_number(tmp_path: Path) -> None:
    image, point = tmp_path / "image", tmp_path / "mnt"
    point.mkdir()

    def first(device: str) -> object:
        run("mkfs.ext4", "-q", device)
        run("mount", device, str(point))
        before = looks(planted(point / "data"))
        empty(point / "data")
        return before

    def second(device: str) -> object:
        run("mount", device, str(point))
        (kept,) = moved.saved([str(point / "data")])
        moved.put_back(kept)
        return looks(point / "data")

    device = attach(image)
    try:
        before = with_mounts(lambda: first(device))
    finally:
        detach(device)
    other = attach(tmp_path / "other")
    device = subprocess.run(
        ["losetup", "-f", "--show", image], capture_output=True, text=True, check=True
    ).stdout.strip()
    try:
        assert with_mounts(lambda: second(device)) == before
    finally:
        detach(other)
        detach(device)


def test_undo_follows_no_link_that_was_put_on_the_way(data: Path, tmp_path: Path) -> None:
    kept = empty(data)
    data.parent.rename(tmp_path / "real")
    (tmp_path / "trap" / "data").mkdir(parents=True)
    data.parent.symlink_to(tmp_path / "trap")
    with pytest.raises(OSError):
        moved.put_back(kept)
    (tmp_path / "trap" / store.name()).symlink_to(tmp_path / "real" / store.name())
    with pytest.raises(OSError):
        moved.put_back(kept)
    assert os.listdir(tmp_path / "trap" / "data") == []


@pytest.mark.parametrize("journal", ["", "{", '{"schema": 99}', '{"schema": 1, "items": [{"name": "../x"}]}'])
def test_a_journal_that_cannot_be_read(data: Path, journal: str) -> None:
    for path in data.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (data / "pg_notify").mkdir()
    kept = empty(data)
    Path(kept.place, "entry.json").write_text(journal)
    (this,) = moved.saved([str(data)])
    assert (this.id, this.what) == (kept.id, "not known: its entry.json cannot be read")
    with pytest.raises(NotDoneError, match="where it was is not known any more"):
        moved.put_back(this)
    assert os.listdir(f"{kept.place}/PG_files") == ["pg_notify"]
    moved.purge(this)
    assert os.listdir(data.parent) == ["data"]


@needs_root
def test_an_immutable_file_is_kept_and_named(data: Path, tmp_path: Path) -> None:
    if subprocess.run(["chattr", "+i", data / "global" / "1"], capture_output=True, check=False).returncode:
        pytest.skip("the file system knows no immutable files")
    kept = empty(data)
    other = empty(planted(data.parent / "other"))
    stuck = Path(kept.place, "PG_files/global/1")
    try:
        with pytest.raises(OSError, match="Operation not permitted"):
            moved.purge(kept)
        listed = moved.saved([str(data)])
        assert {each.id for each in listed} == {kept.id, other.id}
        (this,) = [each for each in listed if each.id == kept.id]
        assert this.notes == ("part of it is deleted for good: its deletion was broken off",)
        assert stuck.read_text() == "global"
    finally:
        run("chattr", "-i", str(stuck))
    moved.purge(this)
    assert not stuck.exists()


@needs_root
@pytest.mark.parametrize("which", ["", "global"])
def test_what_is_immutable_is_not_moved(data: Path, which: str) -> None:
    if subprocess.run(["chattr", "+i", data / which], capture_output=True, check=False).returncode:
        pytest.skip("the file system knows no immutable files")
    before = looks(data)
    try:
        with pytest.raises(PermissionError):
            empty(data) if which else remove(data)
    finally:
        run("chattr", "-i", str(data / which))
    assert looks(data) == before
    assert os.listdir(data.parent) == ["data"]


@needs_root
def test_nothing_is_moved_with_a_mount_in_it(data: Path, tmp_path: Path) -> None:
    def work() -> None:
        run("mount", "-t", "tmpfs", "tmpfs", str(data / "pg_wal"))
        (data / "pg_wal" / "1").write_text("of another file system")
        for attempt in (empty, remove):
            with pytest.raises(NotDoneError, match=r"/data/pg_wal is a mount point; unmount it first"):
                attempt(data)
        assert os.listdir(data.parent) == ["data"]

    with_mounts(work)


@needs_root
def test_purging_enters_no_mount(data: Path, tmp_path: Path) -> None:
    def work() -> None:
        kept = remove(data)
        within = Path(kept.place, "PG_files/data/pg_wal")
        run("mount", "--bind", str(tmp_path / "elsewhere"), str(within))
        with pytest.raises(NotDoneError, match="pg_wal is a mount point; unmount it first"):
            moved.purge(kept)

    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    with_mounts(work)
    assert (tmp_path / "elsewhere" / "file").exists()


@needs_strace
def test_broken_off_by_the_operator_the_rest_stays(data: Path) -> None:
    kept = empty(data)
    done = act("purge", data, *injected("unlinkat", "signal=INT:when=3"))
    assert done.returncode != 0
    (this,) = moved.saved([str(data)])
    assert this.id == kept.id
    assert this.notes == ("part of it is deleted for good: its deletion was broken off",)
    moved.put_back(this)
    assert list(data.iterdir())


def test_many_at_once(tmp_path: Path) -> None:
    """Each clears its own directory and puts it back, again and again, in one store that comes and goes."""
    places = [planted(tmp_path / "above" / str(number)) for number in range(4)]
    before = [looks(place) for place in places]
    running = [subprocess.Popen(acting("again", place), cwd=ROOT, stderr=subprocess.PIPE) for place in places]
    ended = [(process.communicate()[1], process.returncode) for process in running]
    assert ended == [(b"", 0)] * 4
    assert [looks(place) for place in places] == before
    assert store.name() not in os.listdir(tmp_path / "above")


def test_two_who_clear_the_same(data: Path) -> None:
    before = looks(data)
    running = [subprocess.Popen(acting("empty", data), cwd=ROOT, stderr=subprocess.DEVNULL) for _ in range(4)]
    for process in running:
        process.wait()
    for this in moved.saved([str(data)]):
        moved.put_back(this)
    assert looks(data) == before


@needs_root
def test_a_btrfs_that_was_not_seen_before(tmp_path: Path) -> None:
    """Its directories do not list what came after they were opened."""
    device = attach(tmp_path / "image", 200 << 20)
    point = tmp_path / "mnt"
    point.mkdir()

    def work() -> None:
        run("mkfs.btrfs", "-q", device)
        run("mount", device, str(point))
        data = planted(point / "data")
        before = looks(data)
        for attempt in (empty, remove):
            moved.put_back(attempt(data))
            assert looks(data) == before
        assert os.listdir(point) == ["data"]

    try:
        with_mounts(work)
    finally:
        detach(device)
