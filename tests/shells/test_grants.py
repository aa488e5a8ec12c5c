"""Grants: one answer for a line, once, for the same commands and targets, below the same shell, and not for long."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pexpect
import pytest

from guardsh import grant
from guardsh.grant import Answered, Permit
from tests.shells.conftest import REPOSITORY

PERMIT = Permit("rm", ("-rf", "data"), 2, "db-01 primary", (("/d/data", 64, 12),), "db-01 primary")

# Run by a real shell on a terminal: leaves a grant for its parent, and says what it is worth to a process below it.
PROGRAM = """
import json, os, sys, time
from dataclasses import replace
from guardsh import grant
from tests.shells.test_grants import PERMIT
grant._OF_ROOT = grant._OF_ACCOUNT = sys.argv[1]
if "AS" in os.environ:  # another account, which reaches no further than to where it is
    os.chdir(sys.argv[1])
    grant._OF_ROOT = grant._OF_ACCOUNT = "./."
    os.seteuid(int(os.environ["AS"]))
action, shell = sys.argv[2], int(sys.argv[3])
if len(sys.argv) > 4:
    late = time.clock_gettime(time.CLOCK_BOOTTIME) + float(sys.argv[4])
    grant._now = lambda: late
if action == "leave":
    found = grant.Shell.of(shell)
    print("shell:", found is not None)
    grant.leave([PERMIT, replace(PERMIT, name="wal-g")], found)
else:
    print("used:", grant.use(PERMIT))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "guardsh").mkdir(mode=0o700)
    return tmp_path


def said(place: Path, script: str) -> list[str]:
    """What comes of a bash script at a terminal; `grant leave $$` and `grant use` are the program."""
    program = f'grant() {{ {sys.executable} {place}/program.py {place}/guardsh/grants "$1" "${{2-0}}" $3; }}\n'
    (place / "script").write_text(program + script)
    shown = pexpect.run(
        f"/bin/bash {place}/script",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "TERM": "dumb"},
        encoding="utf-8",
    )
    return str(shown).replace("\r", "").splitlines()


USED, NOT = "used: db-01 primary", "used: None"


def test_it_answers_once_below_its_shell(place: Path) -> None:
    assert said(place, "grant leave $$; (sleep 0; grant use); grant use") == ["shell: True", USED, NOT]


def test_another_shell_on_the_same_terminal(place: Path) -> None:
    script = "bash -c 'grant leave $$'; grant use"
    assert said(place, f"export -f grant; {script}") == ["shell: True", NOT]


def test_another_terminal(place: Path) -> None:
    assert said(place, "grant leave $$; export -f grant; SHELL=/bin/bash script -qec 'grant use' /dev/null") == [
        "shell: True",
        NOT,
    ]


def test_not_after_ten_minutes_and_not_from_the_future(place: Path) -> None:
    assert said(place, "grant leave $$; grant use 0 599; grant leave $$; grant use 0 601") == [
        "shell: True", USED, "shell: True", NOT,
    ]  # fmt: skip
    assert said(place, "grant leave $$ 100; grant use") == ["shell: True", NOT]


def test_no_shell_but_an_ancestor(place: Path) -> None:
    assert said(place, "sleep 5 & grant leave $! 2>/dev/null | head -1; kill $!")[0] == "shell: False"


def test_no_shell_without_a_terminal(place: Path) -> None:
    script = "setsid -w bash -c 'grant leave $$' 2>/dev/null | head -1"
    assert said(place, f"export -f grant; {script}") == ["shell: False"]


@pytest.fixture
def left(place: Path) -> Iterator[Path]:
    """A grant as it lies there, to be spoiled."""
    said(place, "grant leave $$")
    (file,) = (place / "guardsh/grants").iterdir()
    yield file


def test_others_can_read_it_but_not_what_the_arguments_were(left: Path) -> None:
    assert (left.stat().st_mode & 0o777, left.parent.stat().st_mode & 0o777) == (0o644, 0o755)
    assert "data" not in left.read_text()


SPOILED = [
    "chmod 664 $file",
    "chmod 757 ${file%/*}",
    "mv $file x; ln -s $PWD/x $file",
    "echo '{' >$file",
    ": >$file",
    "rm $file; mkfifo -m 600 $file",
    "sed -i 's/\"started\": /&1/' $file",
    "sed -i 's/\"terminal\": /&1/' $file",
]


@pytest.mark.parametrize("spoil", SPOILED)
def test_what_is_no_grant_of_ours_answers_nothing(place: Path, spoil: str) -> None:
    script = f"cd {place}; grant leave $$; file=$(echo {place}/guardsh/grants/*); {spoil}; grant use"
    assert said(place, script) == ["shell: True", NOT]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_user(place: Path) -> None:
    script = f"grant leave $$; chown 65534 {place}/guardsh/grants/*; grant use"
    assert said(place, script) == ["shell: True", NOT]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another account")
def test_a_shell_of_another_account_than_the_grant(place: Path) -> None:
    script = f"grant leave $$; chown -R 65534 {place}/guardsh/grants; AS=65534 grant use"
    assert said(place, script) == ["shell: True", NOT]


def test_a_directory_that_others_can_write_is_not_looked_through(left: Path) -> None:
    assert grant._names(str(left.parent), os.geteuid()) == [left.name]
    left.parent.chmod(0o757)
    assert grant._names(str(left.parent), os.geteuid()) == []


def test_old_ones_are_cleared_away(place: Path) -> None:
    said(place, f"grant leave $$; touch -d '11 minutes ago' {place}/guardsh/grants/*; grant leave $$")
    assert len(list((place / "guardsh/grants").iterdir())) == 1


def test_what_was_used_is_not_forgotten_before_its_grant(place: Path) -> None:
    said(place, f"grant leave $$; grant use; touch -d '11 minutes ago' {place}/guardsh/grants/*; grant leave $$")
    assert sum(name.name.endswith("-used") for name in (place / "guardsh/grants").iterdir()) == 1


def test_what_cannot_be_written_whole_is_not_left(place: Path) -> None:
    """A full disk, as a limit on the size of files; the interpreter ignores SIGXFSZ."""
    shown = said(
        place, "grant leave $$; grant use; rm -f ${0%/*}/guardsh/grants/*; ulimit -f 0; grant leave $$ 2>&1 | tail -1"
    )
    assert shown == ["shell: True", USED, "OSError: [Errno 27] File too large"]
    assert list((place / "guardsh/grants").iterdir()) == []


def test_what_cannot_be_crossed_out_answers_nothing(place: Path) -> None:
    """By root with a directory that it must not use; the permit itself could be read."""
    script = "grant leave $$; cd ${0%/*}; mv guardsh/grants guardsh/was; ln -s was guardsh/grants; grant use"
    assert said(place, script) == ["shell: True", NOT]


def test_of_many_at_once_one_gets_it(place: Path) -> None:
    uses = "; ".join(["grant use >>$0.uses &"] * 8)
    shown = said(place, f"grant leave $$; {uses.replace('&;', '&')} wait; sort $0.uses | uniq -c | xargs -L1 echo")
    assert shown == ["shell: True", "7 used: None", "1 used: db-01 primary"]


@pytest.mark.parametrize(
    "now",
    [
        replace(PERMIT, name="wal-g"),
        replace(PERMIT, arguments=("-rf", "data", "more")),
        replace(PERMIT, decision=3),
        replace(PERMIT, phrase="db-01 replica"),
        replace(PERMIT, phrase="db-01 primary only copy"),
        replace(PERMIT, targets=(("/d/data", 64, 13),)),
        replace(PERMIT, targets=(("/d/data", 65, 12),)),
        replace(PERMIT, targets=()),
        replace(PERMIT, targets=(*PERMIT.targets, ("/d/other", 64, 14))),
    ],
)
def test_what_is_not_what_was_answered(now: Permit) -> None:
    assert not Answered.of(PERMIT).covers(now)


def test_the_same_and_less() -> None:
    assert Answered.of(PERMIT).covers(replace(PERMIT, answer=""))
    assert Answered.of(PERMIT).covers(replace(PERMIT, decision=1))
