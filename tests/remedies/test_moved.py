"""Moved aside and back: the same files, to the inode and the last attribute; and what is never overwritten."""

from __future__ import annotations

import os
import stat
import subprocess
import time
from pathlib import Path

import pytest

from guardsh.model.saved import Saved
from guardsh.remedies import moved, record, store
from guardsh.remedies.record import NotDoneError
from tests.remedies.acts import about

NOBODY = 65534


def looks(top: Path) -> dict[str, object]:
    return {str(path.relative_to(top)): look(path) for path in (top, *top.rglob("*"))}


def look(path: Path) -> object:
    seen = os.lstat(path)
    attributes = {} if path.is_symlink() else {name: os.getxattr(path, name) for name in os.listxattr(path)}
    when = () if stat.S_ISDIR(seen.st_mode) else (seen.st_mtime_ns, seen.st_ctime_ns and seen.st_size)
    return seen.st_ino, seen.st_mode, seen.st_uid, seen.st_gid, when, attributes


def empty(data: Path) -> Saved:
    return moved.empty(str(data), str(data.parent), about(str(data)))


def remove(data: Path) -> Saved:
    above = str(data.parent)
    return moved.move((data.name,), above, above, about(above))


@pytest.mark.parametrize("many", [0, 1000])
def test_emptied_and_back(data: Path, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moved, "_MANY", many)
    before = looks(data)
    kept = moved.empty(str(data), str(data.parent), about(str(data)))
    assert list(data.iterdir()) == []
    assert stat.S_IMODE(data.stat().st_mode) == 0o750
    assert moved.saved([str(data)]) == (kept,)
    moved.put_back(kept)
    assert looks(data) == before
    assert moved.saved([str(data)]) == ()
    assert os.listdir(data.parent) == ["data"]


def test_removed_and_back(data: Path) -> None:
    before = looks(data)
    kept = remove(data)
    assert os.listdir(data.parent) == [store.name()]
    moved.put_back(kept)
    assert looks(data) == before


def test_what_has_come_since_is_not_overwritten(data: Path) -> None:
    kept = empty(data)
    (data / "global").mkdir()
    (data / "global" / "pg_control").write_text("of another cluster")
    with pytest.raises(NotDoneError, match=r"/data/global has come since; move it away first"):
        moved.put_back(kept)
    assert sorted(path.name for path in data.rglob("*")) == ["global", "pg_control"]
    assert moved.saved([str(data)]) == (kept,)


def test_an_empty_directory_in_its_place_is_no_obstacle(data: Path) -> None:
    before = looks(data)
    kept = remove(data)
    data.mkdir()
    moved.put_back(kept)
    assert looks(data) == before


def test_purged(data: Path) -> None:
    moved.purge(empty(data))
    assert os.listdir(data.parent) == ["data"]
    assert list(data.iterdir()) == []


def test_purging_follows_no_link(data: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    (data / "link").symlink_to(elsewhere)
    moved.purge(empty(data))
    assert (elsewhere / "file").exists()


def test_without_the_registry_it_is_found_beside_its_directory(data: Path, registry: Path) -> None:
    kept = remove(data)
    assert moved.saved() == (kept,)
    registry.unlink()
    assert moved.saved() == ()
    assert moved.saved([str(data)]) == (kept,)


def test_only_what_was_looked_at_is_moved(data: Path) -> None:
    seen = os.stat(data)
    data.rename(data.with_name("before"))
    data.mkdir()
    (data / "new").touch()
    with pytest.raises(OSError, match="not what it was"):
        moved.empty(str(data), str(data.parent), about(str(data)), (seen.st_dev, seen.st_ino))  # type: ignore[arg-type]
    assert (data / "new").exists()
    assert set(os.listdir(data.parent)) == {"before", "data"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_another_account_cannot_look_or_plant(data: Path) -> None:
    kept = empty(data)
    for above in (data.parent, data.parent.parent):
        os.chmod(above, 0o777)
    script = f"ls {kept.place}; touch {kept.place}/x; mkdir -p {data.parent}/{store.name()}/20990101-000000-0000/files"
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr.count("Permission denied") == 3
    assert moved.saved([str(data)]) == (kept,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
@pytest.mark.parametrize(("owner", "mode", "why"), [(NOBODY, 0o700, "belongs to another"), (0, 0o755, "open to other")])
def test_a_store_that_others_made_or_may_read_is_not_used(data: Path, owner: int, mode: int, why: str) -> None:
    planted = data.parent / store.name()
    planted.mkdir()
    os.chmod(planted, mode)
    os.chown(planted, owner, owner)
    before = looks(data)
    with pytest.raises(NotDoneError, match=why):
        empty(data)
    assert looks(data) == before


def test_a_store_that_is_a_link_is_not_used(data: Path, tmp_path: Path) -> None:
    (tmp_path / "trap").mkdir(mode=0o700)
    (data.parent / store.name()).symlink_to(tmp_path / "trap")
    before = looks(data)
    with pytest.raises(OSError):
        empty(data)
    assert looks(data) == before
    assert os.listdir(tmp_path / "trap") == []


def test_ids_sort_by_age() -> None:
    assert record.new_id(0.0) < record.new_id(1.0) < record.new_id(time.time())
    assert len({record.new_id(0.0) for _ in range(100)}) > 90
