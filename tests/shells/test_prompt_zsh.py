"""The prompt among what else lives in zsh: other prompts, hooks, traps, options, powerlevel10k."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.shells.prompting import Node, Shell, colours, host

PRIMARY = b"\x1b]11;#480e0e\x1b\\"
BACK = b"\x1b]111\x1b\\"
SEGMENT = f"{host()} PRIMARY @> ".encode()
Start = Callable[..., Shell]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    node = Node(tmp_path)
    node.says("primary")
    return node


@pytest.fixture
def zsh(node: Node) -> Iterator[Start]:
    started: list[Shell] = []

    def start(before: str = "", after: str = "", **environment: str) -> Shell:
        started.append(Shell("zsh", node, before, after, None, **environment))
        return started[-1]

    yield start
    for shell in started:
        shell.close()


def test_beside_other_hooks(zsh: Start) -> None:
    before = "a() { printf 'rc %d.' $? }; precmd_functions=(a); precmd() { printf theirs }"
    shell = zsh(before)
    shell.ready()
    shown = shell.run("(exit 3)")
    assert b"theirs" in shown and b"rc 3." in shown
    assert colours(shown) == [PRIMARY]


@pytest.mark.parametrize("theirs", ["PROMPT='new @> '", "setopt prompt_subst; PROMPT='$(print new) @> '"])
def test_a_prompt_that_is_drawn_anew_each_time(zsh: Start, theirs: str) -> None:
    shell = zsh(f"a() {{ {theirs} }}; precmd_functions=(a)")
    for shown in (shell.ready(), shell.run("true")):
        assert shown.count(f"{host()} PRIMARY new @> ".encode()) == 1


def test_the_words_change_in_place(zsh: Start, node: Node) -> None:
    shell = zsh()
    shell.ready()
    node.says("replica", "starting")
    shown = shell.run("")
    assert f"{host()} REPLICA starting @> ".encode() in shown
    assert b"PRIMARY" not in shown


def test_powerlevel10k_has_a_segment(zsh: Start) -> None:
    """As its documentation has segments: a function prompt_NAME that calls p10k segment."""
    shell = zsh('p10k() { print -rn -- "[$*]" }', "segment() { prompt_guardsh }; precmd_functions+=(segment)")
    shown = shell.ready()
    assert f"[segment -t {host()} PRIMARY]".encode() in shown
    assert SEGMENT not in shown


def test_exec_puts_the_colours_back(zsh: Start) -> None:
    shell = zsh()
    shell.ready()
    assert colours(shell.end(b"exec true\r")) == [BACK]


def test_exec_of_a_redirection_does_not(zsh: Start) -> None:
    shell = zsh()
    shell.ready()
    assert colours(shell.run("exec 3>&1")) == [PRIMARY]


def test_waiting_is_not_cut_short_by_a_resized_window(zsh: Start) -> None:
    shell = zsh()
    shell.ready()
    shell.pty.send(b"sleep 1 & wait $!; echo is $?.\r")
    shell.pty.expect_exact(b"[1]")
    os.kill(shell.pty.pid, 28)
    shell.pty.expect_exact(b"is 0.")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a terminal away")
def test_their_winch_trap(node: Node) -> None:
    words = ["sh", "-c", "chown 65534 $(tty); exec zsh -f -i"]
    shell = Shell("zsh", node, "TRAPWINCH() { printf theirs }", words=words)
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
        "setopt ksh_arrays sh_word_split",
        "setopt glob_subst extended_glob null_glob ksh_glob",
        "setopt no_unset",
        "setopt no_prompt_percent prompt_subst prompt_bang",
        "setopt warn_create_global warn_nested_var",
        "setopt no_clobber rc_expand_param",
        "setopt no_multi_func_def no_short_loops",
        "setopt xtrace_off 2>/dev/null; setopt posix_builtins posix_aliases",
        "alias printf=false read=false; alias -g primary=x",
        "bindkey -v; KEYTIMEOUT=1",
        "TMOUT=100",
        "HOST=elsewhere; unset HOME",
        "IFS=0:,",
        "trap 'true' WINCH",
    ],
)
def test_with_options_of_the_operator(zsh: Start, node: Node, option: str) -> None:
    shell = zsh(option)
    assert SEGMENT in shell.ready()
    for _ in range(2):
        shown = shell.run("true")
        assert SEGMENT in shown
        assert colours(shown) == [PRIMARY]
        assert b"zsh:" not in shown and b"guardsh_" not in shown
    assert (node.terminals / str(shell.pty.pid)).read_text() == "dark\n"


def test_options_are_left_as_they_were(zsh: Start) -> None:
    shell = zsh("true", "before=$(setopt)$IFS")
    shell.ready()
    shell.run("true")
    assert b"same." in shell.run('[[ $before == "$(setopt)$IFS" ]] && echo same.')
