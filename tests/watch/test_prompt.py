"""The segment for other programs' prompts: what it says, in whose notation, and that it never trusts an old state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guardsh.model.node_state import ArrayState, NodeState, line
from guardsh.screen.segment import FORMATS, text
from tests.watch.conftest import FRONT_DOOR

HOST = os.uname().nodename.partition(".")[0]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (NodeState(0, "replica", "running"), "db-02 REPLICA"),
        (NodeState(0, "primary", "stopped"), "db-02 PRIMARY stopped"),
        (NodeState(0, "primary", "unknown"), "db-02 PRIMARY"),
        (
            NodeState(0, "primary", "running", ("only-copy", "archiver-failing")),
            "db-02 PRIMARY only copy, archiver failing",
        ),
        (
            NodeState(0, "replica", "running", ("several",), (ArrayState("md0", "degraded", 7, 8),)),
            "db-02 REPLICA several instances, md0 degraded 7/8",
        ),
        (NodeState(0, "none", "none", (), (ArrayState("md0", "failed", 6, 8),)), "db-02 md0 failed 6/8"),
        (NodeState(0, "none", "none"), ""),
        (NodeState(0, "unknown", "unknown"), "db-02 UNKNOWN"),
    ],
)
def test_words(state: NodeState, said: str) -> None:
    assert text("db-02", state) == said


@pytest.mark.parametrize("style", FORMATS)
def test_no_notation_is_steered_by_a_host_name(style: str) -> None:
    shown = FORMATS[style]("%F{red}#[fg=red]", NodeState(0, "primary", "running"))
    assert {"p10k": "%%F{red}", "tmux": "##[fg=red]"}.get(style, "%F{red}") in shown


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    path.write_text(line(NodeState(int(time.time()), "primary", "running", ("only-copy",))) + "\n")
    path.chmod(0o644)
    return path


def printed(state: Path, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, FRONT_DOOR, "prompt", *options],
        env={"PATH": os.environ["PATH"], "GUARDSH_STATE": str(state)},
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    return done.stdout.decode()


def test_each_format(state: Path) -> None:
    said = f"{HOST} PRIMARY only copy"
    assert printed(state) == said + "\n"
    assert printed(state, "--format", "text") == printed(state, "--format=text") == said + "\n"
    assert printed(state, "--format", "starship") == f"\x1b[48;2;72;14;14;97m {said} \x1b[0m\n"
    assert printed(state, "--format", "p10k") == f"%K{{#480e0e}}%F{{#ffffff}} {said} %f%k\n"
    assert printed(state, "--format", "tmux") == f"#[bg=#480e0e,fg=#ffffff] {said} #[default]\n"
    told = json.loads(printed(state, "--format", "json"))
    assert (told["host"], told["text"], told["role"], told["flags"]) == (HOST, said, "primary", ["only-copy"])


def test_an_old_state_is_unknown(state: Path) -> None:
    state.write_text(line(NodeState(int(time.time()) - 60, "replica", "running")) + "\n")
    assert printed(state) == f"{HOST} UNKNOWN\n"


def test_without_a_state_it_is_unknown(tmp_path: Path) -> None:
    assert printed(tmp_path / "absent") == f"{HOST} UNKNOWN\n"


def test_it_is_light(state: Path) -> None:
    program = "import sys; from guardsh.watch import prompt; prompt.segment('text'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"click", "psycopg", "ctypes", "socket"}.isdisjoint(loaded)
