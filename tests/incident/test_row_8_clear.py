"""17:26: what stands in the way of the second restore is cleared by moving it aside, and only that."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.faults.operator import Operator, incomplete_copy, needs_namespaces

pytestmark = needs_namespaces


def test_an_aborted_restore_is_cleared_without_a_question(operator: Operator) -> None:
    restore = operator.stage.restore
    ended = operator.types("guardsh", "clear", restore).end()
    assert ended.status == 0
    assert "24 directories, no files: an aborted restore, not a cluster." in ended.seen
    assert "moved aside, no space was freed: " in ended.seen
    assert os.listdir(restore) == []
    assert operator.types("guardsh", "undo").end().status == 0
    assert len(os.listdir(restore)) > 10


def test_the_directory_of_a_running_server_is_refused(operator: Operator) -> None:
    primary = operator.stage.primary
    ended = operator.types("guardsh", "clear", primary.directory).end()
    assert ended.status == 77
    assert f"a server runs in {primary.directory} (process {primary.pid})" in ended.seen
    assert f"hint: stop it first: pg_ctl stop -D {primary.directory}" in ended.seen
    assert primary.sql("select 1") == "1"


def test_half_a_day_of_download_is_asked_about_and_kept(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    assert operator.types("guardsh", "clear", str(copy)).answer("no").status == 77
    assert os.listdir(copy)
    ended = operator.types("guardsh", "clear", str(copy)).answer(f"{operator.host} incomplete")
    assert ended.status == 0
    assert os.listdir(copy) == []
    assert operator.types("guardsh", "undo").end().status == 0
    assert (copy / "base" / "5" / "16384").read_bytes() == b"x" * 8192


def test_a_confirmed_rm_moves_it_aside(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    session = operator.types("rm", "-rf", str(copy))
    ended = session.answer(f"{operator.host} incomplete")
    assert ended.status == 0
    assert "What is confirmed here is moved aside, not deleted (back with guardsh undo)." in ended.seen
    assert not copy.exists()
    (name,) = re.findall(r"guardsh undo (\S+) puts it back", ended.seen)
    listed = operator.types("guardsh", "moved").end().seen
    assert name in listed and f"{copy}: an incomplete copy" in listed
    assert operator.types("guardsh", "undo", name).end().status == 0
    assert (copy / "base" / "5" / "16384").exists()


def test_its_contents_too(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    ended = operator.types_line(f"rm -rf {copy}/*").answer(f"{operator.host} incomplete")
    assert (ended.status, os.listdir(copy)) == (0, [])
    assert operator.types("guardsh", "undo").end().status == 0
    assert (copy / "base" / "5" / "16384").exists()


def test_automation_deletes(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    words = ("guardsh", "run", "--confirm", f"{operator.host} incomplete", "--", "rm", "-rf", str(copy))
    done = operator.unattended(*words)
    assert (done.returncode, copy.exists()) == (0, False)
    assert str(tmp_path) not in operator.types("guardsh", "moved").end().seen


def test_purging_asks_and_deletes(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    ended = operator.types("rm", "-rf", str(copy)).answer(f"{operator.host} incomplete")
    (name,) = re.findall(r"guardsh undo (\S+) puts it back", ended.seen)
    assert operator.types("guardsh", "moved", "purge", name).answer("no").status == 77
    ended = operator.types("guardsh", "moved", "purge", name).answer(f"{operator.host} incomplete")
    assert (ended.status, copy.exists()) == (0, False)
    assert f"{name} is deleted" in ended.seen
    assert operator.types("guardsh", "undo").end().status == 1


def test_what_is_not_there_is_said_as_rm_says_it(operator: Operator, tmp_path: Path) -> None:
    copy, absent = incomplete_copy(tmp_path), tmp_path / "absent"
    ended = operator.types("rm", "-r", str(copy), str(absent)).answer(f"{operator.host} incomplete")
    assert ended.status == 1
    assert f"rm: cannot remove '{absent}': No such file or directory" in ended.seen
    assert not copy.exists()


def test_a_store_within_what_is_cleared_is_refused(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    ended = operator.types("guardsh", "clear", "--into", str(copy / "base"), str(copy)).end()
    assert (ended.status, (copy / "base" / "5" / "16384").exists()) == (1, True)
    assert f"{copy}/base lies in {copy} and would be moved with it; nothing was moved" in ended.seen
    ended = operator.types("guardsh", "clear", "--into", str(copy / "absent"), str(copy)).end()
    assert (ended.status, f"could not keep it in {copy}/absent: no such directory" in ended.seen) == (1, True)
    ended = operator.types("guardsh", "clear", "--remove", "--into", str(copy), str(copy)).end()
    assert (ended.status, copy.exists()) == (1, True)
    assert "hint: without --remove what is in it is moved" in ended.seen
