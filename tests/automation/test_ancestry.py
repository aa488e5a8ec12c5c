"""What an HA manager runs itself passes, whichever of Postgres's programs it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ASK = "import sys; from guardsh import fastpath; sys.exit(not fastpath.certainly_unrelated(sys.argv[1], sys.argv[2:]))"
_RUN = "import subprocess, sys\nsys.exit(subprocess.run(sys.argv[1:], check=False).returncode)\n"


def passes_below(name: str, line: str, directory: Path) -> bool:
    """Whether ``line`` passes where a script called ``name`` has started it."""
    script = directory / name
    script.write_text(_RUN)
    words = [sys.executable, str(script), sys.executable, "-c", _ASK, *line.split()]
    return subprocess.run(words, check=False).returncode == 0


@pytest.mark.parametrize(
    "line",
    [
        "pg_rewind -D /d --source-server x",
        "initdb -D /d",
        "pg_basebackup -D /d -X stream",
        "postgres -D /d",
        "pg_ctl stop -D /d",
        "pg_resetwal -f /d",
    ],
)
def test_what_patroni_runs_passes(tmp_path: Path, line: str) -> None:
    assert passes_below("patroni", line, tmp_path)
    assert not passes_below("somebody", line, tmp_path)
