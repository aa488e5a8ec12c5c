"""What was moved in parts comes back in all of them or in none; and only what was moved comes back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardsh import aside
from guardsh.model.saved import FILES, Saved
from guardsh.operations import undo
from guardsh.remedies import moved
from guardsh.remedies.record import NotDoneError
from tests.remedies.acts import about


def in_two_parts(data: Path) -> tuple[Saved, ...]:
    above = str(data.parent)
    return tuple(moved.move((name,), str(data), above, about(str(data))) for name in ("base", "pg_wal"))


def test_one_in_the_way_keeps_all_aside(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = in_two_parts(data)
    monkeypatch.setattr(undo, "_chosen", lambda _: parts)
    (data / "base").write_text("has come since")
    with pytest.raises(undo.UndoError, match=r"/data/base has come since"):
        undo.undo()
    assert not (data / "pg_wal").exists()
    (data / "base").unlink()
    undo.undo()
    assert (data / "base/5/1").exists() and (data / "pg_wal/1").exists()


def test_interrupted_between_parts_all_is_back(data: Path) -> None:
    def interrupted() -> Iterator[Saved]:
        yield moved.move(("base",), str(data), str(data.parent), about(str(data)))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        aside.all_or_none(interrupted())
    assert (data / "base/5/1").exists()


def test_a_part_that_cannot_go_back_is_named(data: Path) -> None:
    def failing() -> Iterator[Saved]:
        yield moved.move(("base",), str(data), str(data.parent), about(str(data)))
        (data / "base").write_text("has come since")
        raise NotDoneError("no room")

    with pytest.raises(NotDoneError, match=r"no room; .* is not back: .*/data/base has come since"):
        aside.all_or_none(failing())
    assert len(moved.saved([str(data)])) == 1


def test_copies_of_what_was_moved_are_left_alone(data: Path) -> None:
    """A file system that was copied to another disk has other inodes: nothing says that these are the files."""
    kept = moved.empty(str(data), str(data.parent), about(str(data)))
    files = Path(kept.place, FILES)
    shutil.copytree(files, files.with_name("copied"), symlinks=True)
    shutil.rmtree(files)
    files.with_name("copied").rename(files)
    before = sorted(files.rglob("*"))
    with pytest.raises(NotDoneError, match="are not the files that were moved"):
        moved.put_back(kept)
    assert sorted(files.rglob("*")) == before
