"""The engine itself breaks: what is certainly unrelated runs, anything else does not, unless somebody says why."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import guardsh
from tests.faults.operator import Operator, incomplete_copy

# What happens in an upgrade cut short, and in our own mistakes.
BREAKS = {
    "guard.py": "raise RuntimeError('first line\\nsecond line \\x1b[31m')",
    "observe/paths.py": "def broken(:",
    "policy/assess.py": "import no_such_module",
    "model/verdict.py": "1 / 0",
}


@pytest.fixture(params=BREAKS)
def broken(request: pytest.FixtureRequest, operator: Operator, tmp_path: Path) -> Operator:
    """The operator with another installation of guardsh, in which one module is broken."""
    site, links = tmp_path / "site", tmp_path / "links"
    shutil.copytree(os.path.dirname(guardsh.__file__), site / "guardsh")
    with open(site / "guardsh" / request.param, "a") as file:
        file.write(f"\n{BREAKS[request.param]}\n")
    door = Path(sys.executable).with_name("guardsh").read_text()
    links.mkdir()
    for name in ("rm", "guardsh"):
        (links / name).write_text(door.replace("from guardsh.", f"sys.path.insert(0, {str(site)!r})\nfrom guardsh.", 1))
        (links / name).chmod(0o755)
    operator.environment["PATH"] = f"{links}:{operator.stage.environment['PATH']}"
    return operator


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return incomplete_copy(tmp_path)


def test_nothing_runs_that_could_not_be_judged(broken: Operator, copy: Path) -> None:
    done = broken.unattended("rm", "-rf", str(copy))
    assert (done.returncode, done.stdout, copy.exists()) == (125, "", True)
    failed, hint = done.stderr.splitlines()
    assert failed.startswith("guardsh: could not judge this command: ")
    assert failed.endswith("; not run")
    assert failed.isprintable()
    assert hint == "hint: to run it all the same, on record: GUARDSH_BREAK_GLASS='REASON' before the command"
    session = broken.types("rm", "-rf", str(copy))
    assert (session.end().status, copy.exists()) == (125, True)


def test_breaking_the_glass(broken: Operator, copy: Path) -> None:
    broken.environment["GUARDSH_BREAK_GLASS"] = "INC-42: guardsh is broken"
    done = broken.unattended("rm", "-rf", str(copy))
    assert (done.returncode, done.stdout, done.stderr, copy.exists()) == (0, "", "", False)


def test_an_empty_reason_is_none(broken: Operator, copy: Path) -> None:
    broken.environment["GUARDSH_BREAK_GLASS"] = ""
    assert broken.unattended("rm", "-rf", str(copy)).returncode == 125
    assert copy.exists()


def test_unrelated_commands_run_in_silence(broken: Operator, tmp_path: Path) -> None:
    build = tmp_path / "build"
    (build / "deep").mkdir(parents=True)
    done = broken.unattended("rm", "-rf", str(build))
    assert (done.returncode, done.stdout, done.stderr, build.exists()) == (0, "", "", False)


def test_the_glass_is_not_broken_where_nothing_is(operator: Operator, copy: Path) -> None:
    operator.environment["GUARDSH_BREAK_GLASS"] = "INC-42"
    assert operator.unattended("rm", "-rf", str(copy)).returncode == 77
    assert copy.exists()


def test_asked_with_options_it_does_not_run_either(broken: Operator, copy: Path) -> None:
    done = broken.unattended("guardsh", "run", "--confirm", f"{broken.host} incomplete", "--", "rm", "-rf", str(copy))
    assert (done.returncode, done.stdout, copy.exists()) == (125, "", True)
