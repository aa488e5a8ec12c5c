"""The prompt's words and colours in every shell: what a state is shown as, and that the shell is left alone."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest

from guardsh.model.node_state import ACTIONS, FLAGS, HEALTHS, ROLES, STATES, UNITS, ArrayState, NodeState
from guardsh.screen import escape, palette, segment
from tests.shells.prompting import PROMPT, SHELLS, START, Node, Shell, colours, host, prompt_file

ARRAY = ArrayState("md0", "degraded", 7, 8)
BACK = b"\x1b]111\x1b\\"


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@pytest.fixture(params=SHELLS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Start = Callable[..., Shell]


@pytest.fixture
def start(name: str, node: Node) -> Iterator[Start]:
    started: list[Shell] = []

    def start(before: str = "", after: str = "", **environment: str) -> Shell:
        started.append(Shell(name, node, before, after, None, **environment))
        return started[-1]

    yield start
    for shell in started:
        shell.close()


def painted(role: str, theme: str = "dark") -> bytes:
    return escape.set_background(getattr(palette.tint(role), theme)).encode()


EVERY = list(
    chain(
        (NodeState(0, role, "running") for role in ROLES),
        (NodeState(0, "primary", state) for state in STATES),
        (NodeState(0, "replica", "running", (flag,)) for flag in FLAGS),
        (NodeState(0, "primary", "running", (), (ArrayState("md127", health, 0, 10),)) for health in HEALTHS),
        (NodeState(0, "primary", "running", (), (ArrayState("md1", each, 8, 8, 9, (3, "h")),)) for each in ACTIONS),
        (
            NodeState(0, "replica", "running", (), (ArrayState("md1", "recovery", 7, 8, 42, (21, unit)),))
            for unit in UNITS
        ),
        [NodeState(0, "none", "none", (), (ArrayState("md1", "degraded", 6, 8, 100, None),))],
        (
            NodeState(0, "primary", "running", (), (ArrayState(name, "degraded", 1, 2),))
            for name in ("md_data", "vg0/pg_data", "tank", "A.b-c_d/e", "x" * 24)
        ),
        [NodeState(0, "primary", "running", ("only-copy", "archiver-failing"), (ARRAY, ARRAY))],
        [NodeState(0, "none", "none", (), (ARRAY,)), NodeState(0, "none", "none")],
    )
)


@pytest.mark.parametrize("state", [NodeState(0, "primary", "running", (), (ARRAY,)), NodeState(0, "none", "none")])
def test_in_a_shield_it_says_so(start: Start, node: Node, state: NodeState) -> None:
    node.says(state.role, state.state, arrays=state.arrays)
    words = segment.text(host(), state, shielded=True)
    assert words.endswith(" shielded")
    assert f"{words} @> ".encode() in start(GUARDSH_SHIELD="1").ready()
    assert b"shielded" not in start(GUARDSH_SHIELD="off").ready()


def test_every_state_has_its_words_and_its_colour(start: Start, node: Node) -> None:
    node.says("none", "none")
    shell = start()
    shell.ready()
    for state in EVERY:
        node.says(state.role, state.state, flags=state.flags, arrays=state.arrays)
        shown = shell.run("")
        words = segment.text(host(), state)
        assert "%%" not in words
        assert f"{words} @> ".lstrip().encode() in shown, state
        assert (b"PRIMARY" in shown) == (state.role == "primary")
        if state.role == "none":
            assert painted("primary") not in shown
        else:
            assert colours(shown) == [painted(state.role)], state


@pytest.mark.parametrize("role", [role for role in ROLES if role != "none"])
def test_the_light_set(start: Start, node: Node, role: str) -> None:
    node.says(role)
    assert colours(start(GUARDSH_THEME="light").ready()) == [painted(role, "light")]


def test_a_node_without_an_instance_keeps_its_own_colours(start: Start, node: Node) -> None:
    node.says("none", "none")
    shell = start()
    assert colours(shell.ready()) == []
    node.says("primary")
    shell.run("")
    node.says("none", "none")
    assert colours(shell.run("")) == [BACK]
    assert colours(shell.run("")) == []


@pytest.mark.parametrize(
    "environment",
    [
        {"NO_COLOR": "1"},
        {"GUARDSH_BACKGROUND": "off"},
        {"TERM": "dumb"},
        {"TERM": "linux"},
        {"TERM_PROGRAM": "Apple_Terminal"},
    ],
    ids=lambda environment: "=".join(*environment.items()),
)
def test_words_only(start: Start, node: Node, environment: dict[str, str]) -> None:
    node.says("primary")
    shell = start(**environment)
    shown = shell.ready() + shell.run("true")
    assert colours(shown) == []
    assert f"{host()} PRIMARY ".encode() in shown
    assert [each.read_text() for each in node.terminals.iterdir()] == ["off\n"]


def test_switched_off_while_it_runs(start: Start, node: Node, name: str) -> None:
    node.says("primary")
    shell = start()
    shell.ready()
    off = "set -g GUARDSH_BACKGROUND off" if name == "fish" else "GUARDSH_BACKGROUND=off"
    assert colours(shell.run(off)) == [BACK]
    assert colours(shell.run("")) == []


def test_the_prompt_alone_can_be_switched_off(start: Start, node: Node) -> None:
    node.says("primary")
    shown = start(GUARDSH_PROMPT="off").ready()
    assert b"PRIMARY" not in shown
    assert colours(shown) == [painted("primary")]


def test_the_exit_status_is_kept(start: Start, node: Node, name: str) -> None:
    shell = start()
    shell.ready()
    status = "$status" if name == "fish" else "$?"
    for number in (0, 1, 3, 255):
        shell.run(f"sh -c 'exit {number}'")
        assert f"is {number}.".encode() in shell.run(f"echo is {status}.")


def test_sourced_twice(start: Start, node: Node, name: str) -> None:
    node.says("primary")
    shell = start("", f"source {prompt_file(name)}")
    for shown in (shell.ready(), shell.run("true"), shell.run("")):
        assert shown.count(b"PRIMARY") <= 2  # a shell may draw its prompt again
        assert b"PRIMARY PRIMARY" not in shown.replace(host().encode() + b" ", b"")
        assert colours(shown) == [painted("primary")]


@pytest.mark.parametrize("interactive", [True, False])
def test_silent_when_sourced_and_strict(name: str, node: Node, interactive: bool) -> None:
    node.says("primary")
    source = f"source {prompt_file(name)}; source {prompt_file(name)}"
    strict = {"bash": "set -eu -o pipefail; ", "zsh": "set -eu -o pipefail; ", "fish": ""}[name]
    flags = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[name]
    flags += ["-i"] if interactive else []
    done = subprocess.run(
        [name, *flags, "-c", f"{strict}{source}; echo over"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
        env={"PATH": os.environ["PATH"], "HOME": str(node.file.parent), "TERM": "xterm"},
    )
    assert done.stdout == "over\n"
    assert [
        line for line in done.stderr.splitlines() if "job control" not in line and "process group" not in line
    ] == []


def test_silent_when_sourced_at_a_terminal(name: str, node: Node) -> None:
    """Prompts that are shown before the rc file is read through (powerlevel10k) take any output for an error."""
    flags = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[name]
    master, slave = pty.openpty()
    with subprocess.Popen(
        [name, *flags, "-i", "-c", f"source {prompt_file(name)}; echo over"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={"PATH": os.environ["PATH"], "HOME": str(node.file.parent), "TERM": "xterm", "GUARDSH_THEME": "dark"},
    ) as shell:
        os.close(slave)
        seen = b""
        while b"over" not in seen:
            seen += os.read(master, 4096)
        shell.wait()
    os.close(master)
    assert b"\x1b]11" not in seen.partition(b"over")[0]
    assert b"guardsh" not in seen


def test_the_strict_shell_goes_on(start: Start, node: Node, name: str) -> None:
    if name == "fish":
        pytest.skip("fish has no such options")
    node.says("primary")
    shell = start("", "set -eu -o pipefail")
    shell.ready()
    for line in ("! true", "true", ": ${HOME}"):
        assert b"PRIMARY" in shell.run(line)
    assert b"is 5." in shell.run("echo is $((2 + 3)).")


def test_put_back_at_the_end(start: Start, node: Node) -> None:
    node.says("primary")
    shell = start()
    shell.ready()
    assert colours(shell.end(b"exit\r"))[-1:] == [BACK]


def test_put_back_by_end_of_file(start: Start, node: Node) -> None:
    node.says("primary")
    shell = start()
    shell.ready()
    assert colours(shell.end(b"\x04"))[-1:] == [BACK]


def test_put_back_when_hung_up(start: Start, node: Node) -> None:
    node.says("primary")
    shell = start()
    shell.ready()
    os.kill(shell.pty.pid, 1)
    assert colours(shell.end())[-1:] == [BACK]


def test_a_shell_inside_does_not_leave_it_wrong(start: Start, node: Node, name: str) -> None:
    node.says("primary")
    shell = start()
    shell.ready()
    inner = {"bash": "bash --norc --noprofile", "zsh": "zsh -f", "fish": "fish --no-config"}[name]
    rc = next(node.file.parent.glob("rc-*"))
    shell.pty.send(f"{inner}\r".encode())
    shell.pty.expect_exact([b"# ", b"$ ", b"> "])
    shell.pty.send(f"source {rc}\r".encode())
    shell.ready()
    shell.pty.send(b"exit\r")
    assert colours(shell.ready())[-2:] == [BACK, painted("primary")]


def test_registered_by_one_word(start: Start, node: Node) -> None:
    node.says("primary")
    shell = start()
    shell.ready()
    file = node.terminals / str(shell.pty.pid)
    assert file.read_text() == "dark\n"
    file.unlink()  # a watcher that was started anew
    shell.run("")
    assert file.read_text() == "dark\n"


def test_registers_through_no_link(start: Start, node: Node, tmp_path: Path) -> None:
    node.says("primary")
    shell = start()
    shell.ready()
    file, victim = node.terminals / str(shell.pty.pid), tmp_path / "victim"
    for content in ("mine\n", None):  # to a file that is there, and to one that would be made
        file.unlink(missing_ok=True)
        victim.unlink(missing_ok=True)
        if content:
            victim.write_text(content)
        file.symlink_to(victim)
        shown = shell.run("")
        assert (victim.read_text() if victim.exists() else None) == content
        assert b"victim" not in shown


def test_no_message_where_there_is_nowhere_to_register(start: Start, node: Node) -> None:
    node.terminals.rmdir()
    node.says("primary")
    shell = start()
    assert b"terminals" not in shell.ready() + shell.run("")


def test_the_line_editor_is_left_alone(start: Start, node: Node) -> None:
    """A half-typed line survives what is written meanwhile."""
    node.says("primary")
    shell = start()
    shell.ready()
    shell.pty.send(b"echo ha")
    os.kill(shell.pty.pid, 28)  # SIGWINCH
    shell.pty.send(b"lf-typed.\r")
    assert b"half-typed.\r\n" in shell.ready()


@pytest.fixture
def not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of another account, as after su."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a terminal away")


def test_woken_on_another_accounts_terminal(not_ours: None, name: str, node: Node) -> None:
    node.says("primary")
    give = f"chown 65534 $(tty); exec {' '.join(START[name])}"
    shell = Shell(name, node, words=["sh", "-c", give])
    try:
        shell.ready()
        shell.pty.send(b"echo ha")
        shell.pty.expect_exact(b"ha")
        shell.rest()
        node.says("replica")
        os.kill(shell.pty.pid, 28)
        shell.pty.expect_exact(painted("replica"))
        shell.pty.send(b"lf-typed.\r")
        shell.pty.expect_exact(b"half-typed.\r\n")
        shell.pty.expect_exact(PROMPT)
    finally:
        shell.close()


@pytest.mark.slow
def test_not_one_process_is_started(name: str, node: Node, tmp_path: Path) -> None:
    """100 prompts under strace: none is cloned that was not without us."""
    assert clones(name, node, tmp_path / "with", prompts=100) == clones(name, node, tmp_path / "without", prompts=0)


def clones(name: str, node: Node, trace: Path, prompts: int) -> int:
    node.says("primary", flags=("only-copy",), arrays=(ARRAY,))
    calls = "trace=clone,clone3,fork,vfork,execve"
    shell = Shell(name, node, words=["strace", "-f", "-o", str(trace), "-e", calls, *START[name]])
    shell.ready()
    for _ in range(prompts):
        shell.run("")
    shell.end(b"exit\r")
    # fish has threads, which are clones of another kind, as many as the machine's load makes useful
    lines = [line for line in trace.read_text().splitlines() if "CLONE_THREAD" not in line and "(" in line]
    return len(lines)
