"""The prompt among what else lives in bash: other prompts and hooks, traps, options, old versions of PROMPT_COMMAND."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.shells.prompting import Node, Shell, colours, host, prompt_file

PRIMARY = b"\x1b]11;#480e0e\x1b\\"
BACK = b"\x1b]111\x1b\\"
Start = Callable[..., Shell]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    node = Node(tmp_path)
    node.says("primary")
    return node


@pytest.fixture
def bash(node: Node) -> Iterator[Start]:
    started: list[Shell] = []

    def start(before: str = "", after: str = "", **environment: str) -> Shell:
        started.append(Shell("bash", node, before, after, None, **environment))
        return started[-1]

    yield start
    for shell in started:
        shell.close()


SEGMENT = f"{host()} PRIMARY @> ".encode()


@pytest.mark.parametrize(
    "theirs",
    [
        "PROMPT_COMMAND='printf theirs'",
        "PROMPT_COMMAND='printf theirs;'",
        "PROMPT_COMMAND='printf theirs; '",
        "PROMPT_COMMAND=$'printf theirs # a comment'",
        "PROMPT_COMMAND=('printf theirs')",
        "PROMPT_COMMAND=(true 'printf theirs')",
        "declare -a PROMPT_COMMAND; PROMPT_COMMAND+=('printf theirs')",
        "export PROMPT_COMMAND='printf theirs'",
    ],
)
def test_beside_another_prompt_command(bash: Start, theirs: str) -> None:
    shell = bash(theirs)
    for shown in (shell.ready(), shell.run("true")):
        assert b"theirs" in shown
        assert colours(shown) == [PRIMARY]
        assert SEGMENT in shown


def test_an_empty_array(bash: Start) -> None:
    assert colours(bash("declare -a PROMPT_COMMAND").ready()) == [PRIMARY]


def test_theirs_sees_the_exit_status(bash: Start) -> None:
    for assigned in ("PROMPT_COMMAND='printf \"rc %d.\" $?'", "PROMPT_COMMAND=('printf \"rc %d.\" $?')"):
        shell = bash(assigned)
        shell.ready()
        assert b"rc 3." in shell.run("(exit 3)")


def test_after_ours_sees_the_exit_status(bash: Start) -> None:
    shell = bash("", "PROMPT_COMMAND+=$'\\nprintf \"rc %d.\" $?'")
    shell.ready()
    assert b"rc 3." in shell.run("(exit 3)")


def test_a_prompt_that_is_drawn_anew_each_time(bash: Start) -> None:
    """starship, git-prompt and others assign PS1 in their hook."""
    shell = bash("PROMPT_COMMAND='PS1=\"new @> \"'")
    for shown in (shell.ready(), shell.run("true"), shell.run("")):
        assert shown.count(f"{host()} PRIMARY new @> ".encode()) == 1


def test_a_segment_that_the_operator_has_placed(bash: Start) -> None:
    shell = bash("", "PS1='[${__guardsh_segment}] @> '")
    assert f"[{host()} PRIMARY] @> ".encode() in shell.ready()


def test_exported_without_us(bash: Start, node: Node) -> None:
    """PROMPT_COMMAND reaches shells that do not have our functions."""
    shell = bash("export PROMPT_COMMAND=", "")
    shell.ready()
    shown = shell.run("PS1='inner @> ' bash --norc --noprofile")
    assert b"not found" not in shown + shell.run("true")


def test_assigned_by_another_later(bash: Start) -> None:
    """The line hook tells us of each line; the next prompt is right again."""
    shell = bash("", "")
    shell.ready()
    shell.run("PROMPT_COMMAND='printf theirs'")
    shown = shell.run("__guardsh_prompt_before ''")
    assert b"theirs" in shown
    assert colours(shown) == [PRIMARY]


def test_exec_puts_the_colours_back(bash: Start) -> None:
    shell = bash()
    shell.ready()
    # as the line hook calls it
    for line, back in (("exec vim", [BACK]), ("exec 3>&1", []), ("  exec ssh db-02", [BACK]), ("executor", [])):
        assert colours(shell.run(f"__guardsh_prompt_before '{line}'")) == [*back, PRIMARY], line


@pytest.mark.parametrize(
    "trap", ["echo 'their \"own\" end'", "echo 'their \"own\" end'; exit 3", "true\necho 'their \"own\" end'"]
)
def test_their_exit_trap(bash: Start, trap: str) -> None:
    quoted = trap.replace("'", "'\\''")
    shell = bash(f"trap '{quoted}' EXIT")
    shell.ready()
    ended = shell.end(b"exit\r")
    assert b'their "own" end' in ended
    assert colours(ended) == [BACK]


def test_their_exit_trap_sees_the_exit_status(bash: Start) -> None:
    shell = bash("trap 'echo rc $?.' EXIT")
    shell.ready()
    assert b"rc 7." in shell.end(b"exit 7\r")


def test_their_debug_and_err_traps(bash: Start) -> None:
    shell = bash("trap ': debug' DEBUG; trap 'printf failed.' ERR")
    assert b"failed." not in shell.ready() + shell.run("true")
    assert b"failed." in shell.run("false")


def test_waiting_is_not_cut_short_by_a_resized_window(bash: Start) -> None:
    """A trap for SIGWINCH would end bash's wait; on one's own terminal there is none of ours."""
    shell = bash()
    shell.ready()
    shell.pty.send(b"sleep 1 & wait $!; echo is $?.\r")
    shell.pty.expect_exact(b"[1]")
    os.kill(shell.pty.pid, 28)
    shell.pty.expect_exact(b"is 0.")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a terminal away")
def test_their_winch_trap(node: Node) -> None:
    words = ["sh", "-c", "chown 65534 $(tty); exec bash --noprofile --norc -i"]
    shell = Shell("bash", node, "trap 'printf theirs' WINCH", words=words)
    try:
        shell.ready()
        os.kill(shell.pty.pid, 28)
        shell.pty.expect_exact(PRIMARY)
        shell.pty.expect_exact(b"theirs")
    finally:
        shell.close()


@pytest.mark.parametrize(
    "option",
    [
        "set -u",
        "set -o vi",
        "set -f",
        "set -C",
        "set -o posix",
        "set -T; trap : DEBUG",
        "shopt -s nocasematch nullglob extglob failglob dotglob",
        "shopt -u sourcepath; IFS=0:,",
        "alias printf=false read=false shopt=false; shopt -s expand_aliases",
        "printf() { echo ours; }; read() { echo ours; }",
        "LC_ALL=C",
        "export LC_ALL=tr_TR.UTF-8 2>/dev/null",
        "HISTCONTROL=ignorespace; set +o history",
        "HOSTNAME=elsewhere; unset HOME",
        "TMOUT=100",
    ],
)
def test_with_options_of_the_operator(bash: Start, node: Node, option: str) -> None:
    shell = bash(option)
    assert SEGMENT in shell.ready()
    for _ in range(2):
        shown = shell.run("true")
        assert SEGMENT in shown
        assert colours(shown) == [PRIMARY]
        assert b"bash:" not in shown
    assert (node.terminals / str(shell.pty.pid)).read_text() == "dark\n"


def test_options_are_left_as_they_were(bash: Start) -> None:
    shell = bash("true", "before=$-$(shopt)$(set +o)$IFS")
    shell.ready()
    shell.run("true")
    assert b"same." in shell.run('[[ $before == "$-$(shopt)$(set +o)$IFS" ]] && echo same.')


def test_bash_preexec_keeps_its_last_word(bash: Start) -> None:
    """It wants to be the last of PROMPT_COMMAND; it has an array for us."""
    hooks = 'hooks() { local f; for f in "${precmd_functions[@]}"; do $f; done; }'
    shell = bash(f"bash_preexec_imported=defined; PROMPT_COMMAND='hooks'; {hooks}")
    assert colours(shell.ready()) == [PRIMARY]
    assert b"is hooks." in shell.run("echo is $PROMPT_COMMAND.")


def test_no_name_but_ours_is_defined(tmp_path: Path) -> None:
    text = prompt_file("bash").read_text()
    assert not [line for line in text.splitlines() if line.endswith("() {") and not line.startswith("__guardsh_")]
