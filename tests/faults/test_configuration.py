"""The configuration is missing, unreadable, invalid, or writable by others: said once, never the weaker."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.operator import Operator, incomplete_copy, needs_namespaces

pytestmark = needs_namespaces

LAX = "[verdicts.delete]\nstopped-other = 'allow'\n"  # what must not be believed
Spoil = Callable[[Operator], None]


def invalid(operator: Operator) -> None:
    operator.configure(LAX + "[verdicts.delete\n")


def unknown_key(operator: Operator) -> None:
    operator.configure(LAX + "[verdict.delete]\nlive = 'refuse'\n")


def writable_by_others(operator: Operator) -> None:
    operator.configure(LAX, mode=0o666)


def of_somebody_else(operator: Operator) -> None:
    os.chown(operator.configure(LAX), 65534, 65534)


def directory_writable_by_others(operator: Operator) -> None:
    operator.configure(LAX).parent.chmod(0o777)


def link(operator: Operator) -> None:
    file = operator.configure(LAX)
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


def fifo(operator: Operator) -> None:
    file = operator.configure(LAX)
    file.unlink()
    os.mkfifo(file)


def own_and_weaker(operator: Operator) -> None:
    file = operator.place / "home/.config/guardsh/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(LAX)


SPOILS: dict[Spoil, str] = {
    invalid: "not TOML",
    unknown_key: "verdict",
    writable_by_others: "config.toml: writable by others than its owner",
    of_somebody_else: "config.toml: belongs to uid 65534",
    directory_writable_by_others: "/etc/guardsh: writable by others than its owner",
    link: "a symbolic link; links are not followed here",
    fifo: "not a regular file",
    own_and_weaker: "your own file can only make things stricter",
}


@pytest.mark.parametrize(("spoil", "why"), SPOILS.items(), ids=[spoil.__name__ for spoil in SPOILS])
def test_it_is_said_and_asked_all_the_same(operator: Operator, tmp_path: Path, spoil: Spoil, why: str) -> None:
    copy = incomplete_copy(tmp_path)
    spoil(operator)
    ended = operator.types("rm", "-rf", str(copy)).answer("no")
    assert (ended.status, copy.exists()) == (77, True)
    said, _, _ = ended.seen.partition(f"{operator.host} INCOMPLETE")
    assert said.startswith("guardsh: the configuration is not used, built-in policy instead: ")
    assert why in said
    assert said.count("the configuration is not used") == 1


@pytest.mark.parametrize("spoil", SPOILS)
def test_unrelated_commands_run_in_silence(operator: Operator, tmp_path: Path, spoil: Spoil) -> None:
    build = tmp_path / "build"
    build.mkdir()
    spoil(operator)
    ended = operator.types("rm", "-rf", str(build)).end()
    assert (ended.status, ended.seen, build.exists()) == (0, "", False)


def test_nobody_is_there_to_hear_it(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    invalid(operator)
    done = operator.unattended("rm", "-rf", str(copy))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (77, "", 1)
    assert "Refused." in done.stderr
    assert copy.exists()


@pytest.mark.parametrize("spoil", SPOILS)
def test_config_check_says_it(operator: Operator, spoil: Spoil) -> None:
    spoil(operator)
    done = operator.unattended("guardsh", "config", "check")
    assert (done.returncode, done.stdout) == (78, "")
    assert SPOILS[spoil] in done.stderr


def test_a_good_one_is_believed(operator: Operator, tmp_path: Path) -> None:
    copy = incomplete_copy(tmp_path)
    operator.configure(LAX)
    ended = operator.types("rm", "-rf", str(copy)).end()
    assert (ended.status, ended.seen, copy.exists()) == (0, "", False)


def test_none_is_a_good_one(operator: Operator) -> None:
    done = operator.unattended("guardsh", "config", "check")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_ordinary_account_that_may_not_read_it(operator: Operator, tmp_path: Path) -> None:
    operator.configure(LAX, mode=0o600)
    asked = operator.ordinary("rm", "-rf", operator.stage.primary.directory).answer("no")
    assert asked.status == 77
    assert "could not read /etc/guardsh/config.toml: permission denied" in asked.seen
