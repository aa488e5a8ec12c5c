"""The line hook in real bash: whole lines vetoed in every shape, whatever else has settled in the shell."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.shells.operating import HOST, READY, Operating, data_directory

Start = Callable[..., Operating]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return data_directory(tmp_path)


@pytest.fixture
def start(data: Path, tmp_path: Path) -> Iterator[Start]:
    started: list[Operating] = []

    # Without the second net: what the hook lets through must not be caught by a function.
    def start(before: str = "", after: str = "", names: bool = False) -> Operating:
        started.append(Operating("bash", tmp_path, before, after, names=names))
        return started[-1]

    yield start
    for each in started:
        each.close()


SHAPES = [
    "rm -rf data; echo ran",
    "echo ran >&2 && rm -rf data",
    "nice rm -rf data 2>&1 | tee log; echo ran",
    "( rm -rf data; echo ran )",
    "{ rm -rf data; echo ran; } &",
    "for x in 1 2; do rm -rf data; echo ran; done",
    "while true; do echo ran; rm -rf data; done",
    "if rm -rf data; then echo ran; fi",
    "bash -c 'rm -rf data; echo ran'",
    r"\rm -rf data; echo ran",
    "'rm' -rf da*; echo ran",
    "/bin/rm -rf data; echo ran",
    "X=data; rm -rf $X; echo ran",
    "cd .. && cd work && command rm -rf data && echo ran",
]


@pytest.mark.parametrize("line", SHAPES)
def test_nothing_of_the_line_runs(start: Start, data: Path, line: str) -> None:
    shell = start()
    shell.asked(line)
    shown = shell.answer("no")
    assert "Nothing was run." in shown
    assert "ran" not in shown.replace("was run", "").splitlines()
    assert (data / "PG_VERSION").exists()
    assert shell.works()
    assert not (shell.work / "log").exists()


SETTINGS = {
    "nounset": "set -u",
    "errexit": "set -e",
    "strict": "set -euo pipefail",
    "vi": "set -o vi",
    "noclobber": "set -o noclobber",
    "ignorespace": "HISTCONTROL=ignorespace:ignoredups",
    "no history": "set +o history",
    "prompt command": "PROMPT_COMMAND='true; echo -n'",
    "prompt command after": ("", "PROMPT_COMMAND='true'"),
    "prompt commands": "PROMPT_COMMAND=(true 'echo -n')",
    "debug trap": "trap ': debug' DEBUG",
    "functrace": "trap ': debug' DEBUG; set -o functrace",
    "ps0": "PS0='$(:)'",
    "ps0 after": ("", "PS0=''"),
    "no line editing": "set +o emacs",
    "interrupt trap": "trap 'echo trapped' INT",
    "interrupt ignored": "trap '' INT",
    "extglob": "shopt -s extglob nullglob failglob",
    "ifs": "IFS=rm",
    "posix": "set -o posix",
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_whatever_else_is_set(start: Start, data: Path, setting: str | tuple[str, str]) -> None:
    shell = start(*((setting,) if isinstance(setting, str) else setting))
    for _ in range(2):
        shell.asked(" rm -rf data; echo r''an")
        assert "ran" not in shell.answer("no").splitlines()
        assert (data / "PG_VERSION").exists()
        assert shell.works()
    shell.asked("rm -rf data; echo r''an")
    assert "ran" in shell.answer(f"{HOST} incomplete").splitlines()
    assert not data.exists()
    assert shell.works()


# What bash-preexec does, in short: at the first prompt it sets a DEBUG trap, takes ignorespace out of HISTCONTROL and
# PROMPT_COMMAND apart; the trap calls preexec with the line that history has, before the first command of each line.
PREEXEC = r"""
preexec() { printf '%s\n' "$1" >>../preexec; }
stand_in_before_commands() {
  [[ -n ${stand_in_mode-} && -z ${READLINE_POINT+set} ]] || return 0
  stand_in_mode=''
  [[ ${PROMPT_COMMAND[*]} == *"$BASH_COMMAND"* ]] || preexec "$(HISTTIMEFORMAT= history 1 | sed '1 s/^ *[0-9]*[* ] //')"
}
stand_in_install() {
  trap 'stand_in_before_commands "$_"' DEBUG
  HISTCONTROL=${HISTCONTROL-} HISTCONTROL=${HISTCONTROL//ignorespace}
  PROMPT_COMMAND=':'$'\n'"${PROMPT_COMMAND//stand_in_install/:}"$'\n'stand_in_mode=on
}
PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}stand_in_install
"""


@pytest.mark.parametrize("where", ["before", "after"])
def test_beside_bash_preexec(start: Start, data: Path, tmp_path: Path, where: str) -> None:
    shell = start(**{where: PREEXEC})
    shell.line("")
    shell.line("echo o''ne")
    shell.asked(" rm -rf data; echo r''an")
    assert "ran" not in shell.answer("no").splitlines()
    assert data.exists()
    shell.asked("rm -rf data; echo r''an")
    assert "ran" in shell.answer(f"{HOST} incomplete").splitlines()
    assert (tmp_path / "preexec").read_text().splitlines() == ["echo o''ne", "rm -rf data; echo r''an"]


@pytest.mark.skipif(shutil.which("direnv") is None, reason="no direnv on this machine")
@pytest.mark.parametrize("where", ["before", "after"])
def test_beside_direnv(start: Start, data: Path, where: str) -> None:
    (data.parent / ".envrc").write_text("export PLACE=data\n")
    shell = start(**{where: 'eval "$(direnv hook bash)"; direnv allow . 2>/dev/null'})
    for line in ("rm -rf data; echo r''an", "rm -rf $PLACE; echo r''an"):
        shell.asked(line)
        assert "ran" not in shell.answer("no").splitlines()
        assert data.exists()
    assert shell.works()


def test_a_line_over_several_lines_is_one(start: Start, data: Path) -> None:
    shell = start()
    shell.type("echo r''an \\\r")
    shell.wait_for("MORE>")
    shell.type("&& rm -rf data\\\r")
    shell.wait_for("MORE>")
    shell.asked("/base")
    assert "ran" not in shell.answer("no").splitlines()
    assert data.exists()
    assert shell.works()


def test_a_continuation_that_is_given_up_is_forgotten(start: Start) -> None:
    shell = start()
    shell.type("echo \\\r")
    shell.wait_for("MORE>")
    shell.type("rm -rf data\\\r")
    shell.wait_for("MORE>")
    shell.type("\x03")
    shell.ready()
    assert "harmless" in shell.line("echo harm''less")


PASTED = "echo o''ne\nrm -rf data\necho t''wo\n"


def test_a_bracketed_paste_is_seen_whole_and_asked_about_once(start: Start, data: Path) -> None:
    shell = start(names=True)
    shell.type(f"\x1b[200~{PASTED}\x1b[201~")
    shell.asked("")
    assert "one" not in shell.answer("no").splitlines()
    assert shell.works()
    shell.type(f"\x1b[200~{PASTED}\x1b[201~")
    shell.asked("")
    shown = shell.answer(f"{HOST} incomplete").splitlines()
    assert (shown.count("one"), shown.count("two")) == (1, 1)
    assert not data.exists()


def test_what_follows_an_unbracketed_paste_is_dropped(start: Start, data: Path) -> None:
    shell = start(after="bind 'set enable-bracketed-paste off'")
    shell.type(PASTED.replace("\n", "\r"))
    shell.wait_for("host and role> ")
    shown = shell.answer("no")
    assert data.exists()
    assert "two" not in shown
    assert "two" not in shell.line("echo")


def test_history_is_expanded_first(start: Start, data: Path) -> None:
    shell = start()
    shell.asked("rm -rf data")
    shell.answer("no")
    shell.asked("!!")
    shell.answer("no")
    shell.asked("!rm")
    shell.answer("no")
    shell.line("echo -rf data")
    shell.asked("rm !*")
    shell.answer("no")
    assert data.exists()
    assert shell.works()


def test_history_that_does_not_take_the_line_is_expanded_too(start: Start, data: Path) -> None:
    """As Debian sets it. The functions do not see a program that is called by its path."""
    shell = start("HISTCONTROL=ignoreboth")
    for line in ("/bin/rm -rf data", "!!", " !!", "!/bin"):
        shell.asked(line)
        shell.answer("no")
    shell.line("echo /bin/rm -rf data")
    for line in (" !!:1*", " !echo:1* && true"):
        shell.asked(line)
        shell.answer("no")
    assert data.exists()
    assert shell.works()


def test_a_word_on_two_lines(start: Start, data: Path) -> None:
    shell = start()
    shell.type("/bin/r\\\r")
    shell.wait_for("MORE>")
    shell.asked("m -rf data")
    shell.answer("no")
    assert data.exists()


def test_the_line_is_in_history(start: Start) -> None:
    shell = start()
    shell.asked("rm -rf data # again")
    shell.answer("no")
    shell.type("\x1b[A")
    shell.wait_for("rm -rf data # again")


@pytest.mark.parametrize("key", ["\x0f", "\n"], ids=["operate-and-get-next", "newline"])
def test_other_keys_that_run_a_line(start: Start, data: Path, key: str) -> None:
    shell = start()
    shell.type("rm -rf data" + key)
    shell.wait_for("host and role> ")
    shell.answer("no")
    assert data.exists()


def test_a_line_found_by_searching(start: Start, data: Path) -> None:
    shell = start()
    shell.asked("rm -rf data")
    shell.answer("no")
    shell.type("\x12rm -r")
    shell.wait_for("reverse-i-search")
    time.sleep(0.3)
    shell.asked("")
    shell.answer("no")
    assert data.exists()


def test_what_an_editor_leaves_is_shown_before_it_runs(start: Start, data: Path) -> None:
    shell = start('EDITOR="sed -i s/harmless/rm/"')
    shell.type("harmless -rf data\x18\x05")
    shell.wait_for("rm -rf data")
    assert data.exists()
    shell.asked("")
    shell.answer("no")
    assert data.exists()


def test_an_alias_is_seen_through(start: Start, data: Path) -> None:
    shell = start("alias wipe='rm -rf' sudo='nice '")
    shell.asked("wipe data")
    shell.answer("no")
    shell.asked("sudo wipe data")
    shell.answer("no")
    shell.line("alias ll='rm -r -f'")
    shell.asked("ll data")
    shell.answer("no")
    assert data.exists()


def test_an_own_alias_and_an_own_function_stay(start: Start) -> None:
    shell = start("alias rm='rm -i'; pg_ctl() { echo mi''ne; }", names=True)
    (shell.work / "file").touch()
    shell.type("rm file\r")
    shell.wait_for("remove regular empty file")
    shell.line("n")
    assert (shell.work / "file").exists()
    assert "mine" in shell.line("pg_ctl stop").splitlines()


@pytest.mark.parametrize(
    "line", ["$remove -rf data", "true; $remove -rf data", "nice $remove -rf data", "`echo $remove` data"]
)
def test_a_command_word_that_is_a_variable(start: Start, data: Path, line: str) -> None:
    shell = start("remove=/bin/r''m harmless=echo")
    shell.asked(line)
    shell.answer("no")
    assert data.exists()
    assert "data" in shell.line("$harmless data").splitlines()


def test_variables(start: Start, data: Path) -> None:
    shell = start("place=data")
    shell.asked("/bin/r''m -rf x; /bin/rm -rf $place")
    shell.answer("no")
    assert data.exists()


def test_what_is_handed_over(start: Start) -> None:
    """Without a running instance nothing else tells whether a function that will ask is known."""
    shell = start("place=data; pg_ctl() { :; }", "wal-g() { :; }", names=True)
    handed = (
        shell.line("__guardsh_line='rm $place pg_ctl wal-g'; __guardsh_line_hand | tr '\\0' ';'")
        .splitlines()[-1]
        .split(";")
    )
    assert {"rm $place pg_ctl wal-g", "v place=data", "f rm"} <= set(handed)
    assert not {"f pg_ctl", "f wal-g"} & set(handed)


@pytest.mark.parametrize("prefilter", ["", "/nowhere"])
def test_a_function_asks_without_the_prefilter_too(start: Start, data: Path, prefilter: str) -> None:
    shell = start(after=f"__guardsh_prefilter=${{__guardsh_prefilter}}{prefilter}", names=True)
    (shell.work / "script").write_text("rm -rf data; echo sta''tus $?\n")
    shell.asked(". ./script")
    assert "status 77" in shell.answer("no").splitlines()
    assert data.exists()


@pytest.mark.parametrize(
    ("gone", "status"), [("__guardsh=/nowhere", 125), ("__guardsh=/nowhere __guardsh_prefilter=", 0)]
)
def test_a_function_without_guardsh(start: Start, data: Path, gone: str, status: int) -> None:
    shell = start(after=gone, names=True)
    (shell.work / "script").write_text("rm -rf data; echo sta''tus $?\n")
    assert f"status {status}" in shell.line(". ./script").splitlines()
    assert data.exists() == bool(status)


def test_what_the_hook_cannot_see_is_asked_about_when_it_starts(start: Start, data: Path) -> None:
    shell = start(names=True)
    (shell.work / "script").write_text("rm -rf data; echo $?\n")
    shell.asked(". ./script")
    assert "77" in shell.answer("no").splitlines()
    shell.line("echo rm -rf data > list")
    shell.asked("fc -s 'echo=' 'echo rm' 2>/dev/null; eval \"$(cat list)\"")
    shell.answer("no")
    assert data.exists()


def test_operands_that_are_not_known_are_asked_about_when_they_are(start: Start, data: Path) -> None:
    shell = start(names=True)
    (shell.work / "file").touch()
    shell.line("rm -rf $(echo file)")
    assert not (shell.work / "file").exists()
    shell.asked("rm -rf $(echo data)")
    shell.answer("no")
    assert data.exists()


def test_own_interrupt_trap_comes_back(start: Start) -> None:
    shell = start("trap 'echo mine' INT", names=True)
    shell.asked("rm -rf data")
    shell.answer("no")
    assert "echo mine" in shell.line("trap -p INT")


def test_the_prompt_is_not_touched_by_typing_on_after_interrupting(start: Start) -> None:
    """The shell waits for guardsh to put the terminal back before it goes on."""
    shell = start()
    for _ in range(5):
        shell.asked("rm -rf data")
        shell.type("\x03")
        shell.ready()
        assert shell.works()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_guardsh_is_killed(start: Start, data: Path, number: signal.Signals) -> None:
    shell = start()
    shell.asked("rm -rf data")
    kill_below(shell.master.pid, number)
    if number is signal.SIGKILL:
        shell.wait_for("type the host name: ")
        shell.answer("no")
    else:
        shell.ready()
    assert data.exists()
    assert shell.works()


def kill_below(pid: int, number: signal.Signals) -> None:
    """The guardsh that judges a line of this shell."""
    for entry in os.listdir("/proc"):
        try:
            words = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0") if entry.isdigit() else []
        except OSError:
            continue
        if b"line" in words and b"--pid" in words and str(pid).encode() in words:
            os.kill(int(entry), number)


def test_guardsh_fails_or_is_gone(data: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    shell = Operating("bash", tmp_path, guardsh=str(broken))
    shell.type("/bin/rm -rf data\r")
    shell.wait_for("type the host name: ")
    shell.answer("no")
    assert data.exists()
    assert shell.works()
    broken.unlink()
    assert "has not been judged" in shell.line("rm -f nothing")
    assert shell.works()
    shell.close()


def test_typed_ahead_is_no_answer_and_no_command(start: Start, data: Path) -> None:
    shell = start()
    shell.type(f"rm -rf data\r{HOST} incomplete\rtouch ahead\r")
    shell.wait_for("host and role> ")
    time.sleep(0.2)
    shell.answer("no")
    assert shell.works()
    assert data.exists()
    assert not (shell.work / "ahead").exists()


def test_it_is_silent_and_can_be_read_twice(start: Start, tmp_path: Path) -> None:
    from guardsh.cli.init import script

    text = script("bash", "/nowhere/guardsh")
    (tmp_path / "again").write_text(text)
    shell = start("set -euo pipefail", text, names=True)
    assert shell.seen.replace(b"\x1b[?2004h", b"") == f"{READY}".encode()
    assert shell.line("source ../again").splitlines()[1:] == []
    assert shell.line("echo $PROMPT_COMMAND | grep -c guardsh_line").splitlines()[-1] == "1"
