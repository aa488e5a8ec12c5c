"""Between the question and the run the target vanishes, or is another one: the answer was about something else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.operator import Operator, incomplete_copy

Swap = Callable[[Path, Operator], None]


def vanished(copy: Path, operator: Operator) -> None:
    copy.rename(copy.with_name("elsewhere"))


def another_directory(copy: Path, operator: Operator) -> None:
    elsewhere = copy.rename(copy.with_name("elsewhere"))
    shutil.copytree(elsewhere, copy)


def link_to_the_primary(copy: Path, operator: Operator) -> None:
    vanished(copy, operator)
    copy.symlink_to(operator.stage.primary.directory)


def another_parent(copy: Path, operator: Operator) -> None:
    elsewhere = copy.parent.rename(copy.parent.with_name("elsewhere"))
    shutil.copytree(elsewhere, copy.parent)


@pytest.mark.parametrize("swap", [vanished, another_directory, link_to_the_primary, another_parent])
@pytest.mark.parametrize("operand", ["{}", "{}/", "{0}/base {0}/PG_VERSION"])
def test_another_target_than_was_asked_about(operator: Operator, tmp_path: Path, swap: Swap, operand: str) -> None:
    parent = tmp_path / "parent"
    parent.mkdir()
    copy = incomplete_copy(parent)
    session = operator.types("rm", "-rf", *operand.format(copy).split())
    session.wait_for_question()
    swap(copy, operator)
    session.type(f"{operator.host} incomplete\n")
    ended = session.end()
    assert ended.status == 77
    assert "when you were asked" in ended.seen
    assert ended.seen.endswith("; not run")
    (record,) = operator.records()
    assert (record["outcome"], record["answer"]) == ("reject", f"{operator.host} incomplete")
    assert "when you were asked" in record["detail"]
    assert swap is vanished or (copy / "PG_VERSION").exists()
    assert operator.stage.primary.sql("select 1") == "1"


def test_the_same_target_is_deleted(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    ended = operator.types("rm", "-rf", str(copy)).answer(f"{operator.host} incomplete")
    assert (ended.status, copy.exists()) == (0, False)


def test_an_operand_that_is_swapped_for_the_only_copy(operator: Operator, tmp_path: Path) -> None:
    """What is touched besides: a link beside the copy, to the pg_wal of a primary."""
    copy = incomplete_copy(tmp_path)
    beside = tmp_path / "beside"
    beside.mkdir()
    session = operator.types("rm", "-rf", str(copy), f"{beside}/")
    session.wait_for_question()
    beside.rmdir()
    beside.symlink_to(operator.stage.primary.path("pg_wal"))
    session.type(f"{operator.host} incomplete\n")
    ended = session.end()
    assert ended.status == 77
    assert "is touched now, and was not when you were asked" in ended.seen
    assert os.listdir(operator.stage.primary.path("pg_wal"))


def test_from_a_working_directory_that_is_gone(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    (tmp_path / "gone").mkdir()
    line = f"cd {tmp_path}/gone; rmdir ../gone; rm -rf {copy}"
    ended = operator.types_line(line).answer(f"{operator.host} incomplete")
    assert (ended.status, copy.exists()) == (0, False)
    assert "INCOMPLETE" in ended.seen
    assert operator.types_line(f"cd {tmp_path}; mkdir gone; cd gone; rmdir ../gone; guardsh undo").end().status == 0
    assert copy.exists()
