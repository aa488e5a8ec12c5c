"""What bash really runs, guardsh has found: random lines in a real bash, among programs that only leave a record.

The heart of reading lines. For every guarded program that started, with its words and its directory, and for every
file that the shell itself wrote, there is something found by the reader that covers it.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, note, settings

from guardsh.commands.shell_found import Found, Reading
from guardsh.commands.shell_line import Shell, read
from guardsh.commands.shell_state import Values
from guardsh.observe.matching import matching
from tests.properties.lines import DIRECTORIES, FILES, GUARDED, LINES, VARIABLES

_TOOLS = ("bash", "zsh", "sh", "cat", "env", "nice", "timeout", "nohup", "setsid", "stdbuf", "xargs", "find", "ls")
_RECORDER = """#!/bin/sh
printf '%s\\0' "$(/bin/pwd)" "${0##*/}" "$@" >"$RECORD/$$"
"""
_LONGEST_RUN = 3.0  # seconds


@dataclass(frozen=True)
class Ran:
    """A guarded program that started."""

    cwd: str
    words: tuple[str, ...]

    def without(self, written: set[str]) -> Ran:
        """Without the files that the line itself has made, which no pattern could be known to match, and without empty
        words, which zsh leaves where it expands braces."""
        made = {os.path.basename(path) for path in written}
        own = (word for word in self.words[1:] if word and os.path.basename(word) not in made)
        return replace(self, words=(self.words[0], *own))


class Sandbox:
    """A directory tree, and a PATH on which the guarded programs only leave a record."""

    def __init__(self, root: Path) -> None:
        self.root, self.work, self.bin, self.record = root, root / "s/t/w", root / "s/t/bin", root / "record"
        self.bin.mkdir(parents=True)
        self.record.mkdir()
        for name in GUARDED:
            (self.bin / name).write_text(_RECORDER)
            (self.bin / name).chmod(0o755)
        for name in _TOOLS:
            (self.bin / name).symlink_to(shutil.which(name) or "/nowhere")
        self.environment = {
            "PATH": str(self.bin),
            "RECORD": str(self.record),
            "HOME": str(self.work / "d"),
            "LC_ALL": "C.UTF-8",
        }
        self.environment |= VARIABLES | {"PWD": str(self.work), "OLDPWD": str(self.work / "g")}

    def lay_out(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        for stray in self.record.iterdir():
            stray.unlink()
        for directory in DIRECTORIES:
            (self.work / directory).mkdir(parents=True)
        for file in FILES:
            (self.work / file).write_text("content\n")

    def run(self, line: str, shell: Sequence[str]) -> None:
        """Until the last descendant has ended: every one of them holds the pipe."""
        reading, writing = os.pipe()
        started = subprocess.Popen(
            [str(self.bin / shell[0]), *shell[1:], "-c", f"{line}\nwait"],
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(writing,),
        )
        os.close(writing)
        select.select([reading], [], [], _LONGEST_RUN)
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()

    def ran(self) -> Iterator[Ran]:
        for path in self.record.iterdir():
            cwd, *words = path.read_bytes().decode(errors="surrogateescape").split("\0")
            if words:  # it was not killed before it could say so
                yield Ran(cwd, tuple(words[:-1]))

    def written(self) -> Iterator[str]:
        known = {str(self.work / file) for file in FILES}
        for path in self.root.joinpath("s").rglob("*"):
            if not path.is_file() or path.is_relative_to(self.bin):
                continue
            if str(path) not in known or path.read_text() != "content\n":
                yield str(path)

    def read(self, line: str, language: str) -> Reading:
        parameters: dict[str, Values] = {"1": ("",), "@": (), "*": ("",), "#": ("0",)}
        return read(line, Shell((str(self.work),), dict(self.environment), parameters, {}, matching, language=language))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with tempfile.TemporaryDirectory(prefix="guardsh-lines-") as place:
        yield Sandbox(Path(os.path.realpath(place)))


MANY = int(os.environ.get("GUARDSH_LINES", "200"))


@given(LINES)
@settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
@example("! ! cd d && { echo 'rm x' | bash; }")
@example("for D in d g; do ! cd d && rm *; done")
@example("case $X in a|b) <d/a rm x;; esac")
@example("echo $((cd d; echo $(rm a)); rm b)")
@example("set -f; rm *")
@example("! cd none && rm *")
def test_everything_that_bash_runs_has_been_found(sandbox: Sandbox, line: str) -> None:
    assert_all_found(sandbox, line, ("bash",))


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
@given(LINES)
@settings(max_examples=MANY // 2, deadline=None, suppress_health_check=list(HealthCheck))
@example("P='*'; rm $P")
@example("true | cd d; rm *")
@example("bash <<<'rm y' # rm z")
@example("command cd d; rm *")
def test_everything_that_zsh_runs_has_been_found(sandbox: Sandbox, line: str) -> None:
    assert_all_found(sandbox, line, ("zsh", "-f"))


def assert_all_found(sandbox: Sandbox, line: str, shell: Sequence[str]) -> None:
    sandbox.lay_out()
    reading = sandbox.read(line, shell[0])
    sandbox.run(line, shell)
    note(f"found: {reading}")
    if reading.unjudged:
        return
    written = set(sandbox.written())
    for ran in sandbox.ran():
        assert any(_covers(found, ran.without(written)) for found in reading.found), ran
    for path in written:
        assert any(_writes(found, path) for found in reading.found), path


def _covers(found: Found, ran: Ran) -> bool:
    """The same words in the same directory; or a doubt about this program; or, among words with all values that a
    variable may have, these."""
    invocation = found.invocation
    if found.note:
        return True
    if invocation.name != ran.words[0]:
        return False
    if found.doubts:
        return True
    own = list(invocation.arguments)
    if invocation.below:
        return all(word in own or _is_below(word, ran.cwd, invocation.below) for word in ran.words[1:])
    anywhere = all(word.startswith(("/", "-")) for word in ran.words[1:])
    return (anywhere or os.path.realpath(invocation.cwd) == ran.cwd) and _is_subsequence(ran.words[1:], own)


def _is_below(word: str, cwd: str, below: tuple[str, ...]) -> bool:
    path = os.path.normpath(os.path.join(cwd, word))
    return any(path.startswith(directory) for directory in below)


def _is_subsequence(words: tuple[str, ...], among: list[str]) -> bool:
    rest = iter(among)
    return all(any(word == each for each in rest) for word in words)


def _writes(found: Found, path: str) -> bool:
    if not found.is_redirection:
        return False
    written = os.path.join(found.invocation.cwd, found.invocation.words[1])
    same_directory = os.path.realpath(os.path.dirname(written)) == os.path.dirname(path)
    return bool(found.doubts) or os.path.realpath(written) == path or ("$" in written and same_directory)
