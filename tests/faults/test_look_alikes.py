"""Who only looks like Postgres or its HA manager, and modules that only look like Python's: neither decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.operator import Operator


@pytest.mark.parametrize("name", ["patroni", "postgres"])
@pytest.mark.parametrize(
    "line", ["rm -rf primary/base", "rm primary/global/pg_control", "wal-g backup-fetch primary b"]
)
def test_a_shell_script_is_no_ha_manager_and_no_server(
    operator: Operator, tmp_path: Path, name: str, line: str
) -> None:
    script = tmp_path / name
    script.write_text('#!/bin/sh\n"$@"\n')
    script.chmod(0o755)
    done = operator.unattended(str(script), *line.split())
    assert (done.returncode, "primary" in done.stderr) == (77, True)


def test_modules_of_the_caller_come_after_our_own(operator: Operator, tmp_path: Path) -> None:
    (tmp_path / "guardsh").mkdir()
    for module in ("guardsh/__init__.py", "select.py", "tomllib.py", "dataclasses.py"):
        (tmp_path / module).write_text("raise SystemExit(0)\n")
    operator.environment["PYTHONPATH"] = str(tmp_path)
    assert operator.unattended("rm", "-rf", "primary/base").returncode == 77
    assert operator.unattended("rm", "-rf", "absent").returncode == 0
