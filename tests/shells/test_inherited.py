"""What a root shell makes of names that came along with su, which keeps the environment of the account before."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from guardsh.system import state_place
from tests.quiet_fish import QUIET_FISH
from tests.shells.prompting import SHELLS

INTEGRATIONS = Path(__file__).resolve().parents[2] / "shell-integrations"
NOBODY = 65534
# /run is the test's own: there is no state of the node's
PRIVATE = ("unshare", "--mount", "sh", "-ec", 'mount --bind "$0" /run; exec "$@"')

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0,
    reason="needs root, and a mount namespace of its own",
)


def said(shell: str, script: str, place: Path, **environment: str) -> str:
    (place / "run").mkdir(exist_ok=True)
    line = f"source {INTEGRATIONS}/{shell}/prompt.{shell}; __guardsh_state_find; {script}"
    quiet = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    return subprocess.run(
        [*PRIVATE, str(place / "run"), shell, *quiet, "-c", line],
        env={"PATH": os.environ["PATH"], "HOME": str(place), **QUIET_FISH, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_state_is_the_nodes(shell: str, tmp_path: Path) -> None:
    there = said(shell, "echo $__guardsh_state_file", tmp_path, XDG_RUNTIME_DIR=str(tmp_path))
    assert there == "/run/guardsh/state"


def test_programs_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_place, "NODE", str(tmp_path / "node"))
    runtime = {"XDG_RUNTIME_DIR": "/run/user/1000"}
    assert state_place.to_read(runtime) == state_place.to_write(runtime, 0) == str(tmp_path / "node")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("owner", [0, NOBODY])
def test_it_registers_in_nobody_elses_directory(shell: str, owner: int, tmp_path: Path) -> None:
    """Its owner could put a link to any file in the place of a registration."""
    (tmp_path / "terminals").mkdir()
    for path in (tmp_path, tmp_path / "terminals"):
        os.chown(path, owner, owner)
    said(shell, "__guardsh_register dark", tmp_path, GUARDSH_STATE=str(tmp_path / "state"))
    assert bool(list((tmp_path / "terminals").iterdir())) == (owner == 0)
