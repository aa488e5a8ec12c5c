"""A person answers the question wrongly: what was destroyed is in a snapshot, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardsh.remedies import copies, snapshots
from tests.faults.operator import Operator, needs_namespaces
from tests.storage.loops import plant, run, with_mounts
from tests.storage.snapping import device

__all__ = ["device"]
pytestmark = needs_namespaces
BY_FIND = ("guardsh", "run", "--", "find")  # an rm -r is moved aside instead


def prepared(device: str, point: Path) -> None:
    def work() -> None:
        run("mount", device, str(point))
        run("btrfs", "subvolume", "create", str(point / "main"))
        plant(point / "main")

    with_mounts(work)


def afterwards(device: str, point: Path) -> tuple[str, ...]:
    def work() -> tuple[str, ...]:
        run("mount", device, str(point))
        gone = not (point / "main/base/5/1259").exists()
        assert gone
        saved = [each for way in (snapshots, copies) for each in way.saved() if str(point) in each.origins[0]]
        for each in saved:
            (snapshots if each in snapshots.saved() else copies).put_back(each)
        assert (point / "main/base/5/1259").read_text() == "15\n" or not saved
        return tuple(each.way.value for each in saved)

    return with_mounts(work)


@pytest.mark.parametrize(
    ("words", "way"), [((*BY_FIND, "main", "-delete"), "snapshot"), (("rm", "main/base/5/1259"), "copy")]
)
def test_it_comes_back(operator: Operator, device: str, tmp_path: Path, words: tuple[str, ...], way: str) -> None:
    point = tmp_path / "mnt"
    point.mkdir()
    prepared(device, point)
    operator.setup = f"mount {device} {point}; "
    typed = [str(point / word) if word.startswith("main") else word for word in words]
    ended = operator.types(*typed).answer(f"{operator.host} unknown")
    assert ended.status == 0, ended.seen
    assert "guardsh undo" in ended.seen
    assert afterwards(device, point) == (way,)


@pytest.mark.parametrize(("setting", "status"), [("try", 0), ("require", 77)])
def test_where_none_can_be_made(operator: Operator, device: str, tmp_path: Path, setting: str, status: int) -> None:
    """Somebody else has put something where the snapshots lie."""
    point = tmp_path / "mnt"
    point.mkdir()
    prepared(device, point)
    operator.configure(f'[snapshots]\nbefore = "{setting}"\n')
    operator.setup = (
        f"mount {device} {point}; mkdir {point}/.guardsh-snapshots; chown 65534 {point}/.guardsh-snapshots; "
    )
    ended = operator.types(*BY_FIND, str(point / "main"), "-delete").answer(f"{operator.host} unknown")
    assert ended.status == status
    assert "it belongs to another account" in ended.seen
    assert ended.seen.endswith("not run") == (status == 77)
