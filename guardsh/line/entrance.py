"""The entrance for the shells' line hooks: ``guardsh line --shell NAME --pid PID``, the line on standard input.

A line that touches nothing of Postgres is decided here, without anything heavy. The exit status is 0 where the line
may run and 77 where it may not.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from guardsh import fastpath
from guardsh.commands import shell_line
from guardsh.commands.shell_found import Found, Reading
from guardsh.commands.shell_state import Shell, Values
from guardsh.line.handed import Handed, parse
from guardsh.observe.matching import matching

_SHELLS = ("bash", "zsh", "fish")
_USAGE = 2


def main(words: list[str]) -> int:
    """Judge the line; ``words`` are those after ``line``."""
    match words:
        case ["--shell", language, "--pid", pid] if language in _SHELLS and pid.isdigit():
            handed = parse(sys.stdin.buffer.read())
        case _:
            sys.stderr.write("guardsh: usage: guardsh line --shell bash|zsh|fish --pid PID < LINE\n")
            return _USAGE
    reading = read(handed, language)
    if not reading.found and not reading.unjudged:
        return 0
    from guardsh import judge
    from guardsh.line import story

    return story.settle(judge.relevant(reading, handed.functions), handed.line, int(pid))


def read(handed: Handed, language: str) -> Reading:
    """What a line would run that may touch something."""
    variables: dict[str, Values] = {
        name: None if value is None else (value,) for name, value in handed.variables.items()
    }
    shell = Shell((here(),), dict(os.environ), variables, handed.aliases, matching, language=language)
    return without_harmless(shell_line.read(handed.line, shell))


def typed(text: str) -> Reading:
    """The same of a line that is only asked about: the shell's own variables and aliases are not known."""
    shell = Shell((here(),), dict(os.environ), {}, {}, matching, complete=False)
    return without_harmless(shell_line.read(text, shell))


def without_harmless(reading: Reading) -> Reading:
    return replace(reading, found=tuple(found for found in reading.found if not _is_harmless(found)))


def here() -> str:
    """As the shell calls it, where that is true: ``cd ..`` goes by names."""
    named = os.environ.get("PWD", "")
    try:
        return named if os.path.isabs(named) and os.path.samefile(named, ".") else os.getcwd()
    except OSError:
        return "/proc/self/cwd"


def _is_harmless(found: Found) -> bool:
    invocation = found.invocation
    if found.doubts:
        return False
    before = os.open(".", os.O_PATH | os.O_CLOEXEC)
    try:
        os.chdir(os.path.expanduser(invocation.cwd))
        return fastpath.certainly_unrelated(invocation.name, invocation.arguments) and _is_harmless_below(found)
    except (OSError, ValueError):
        return False
    finally:
        os.fchdir(before)
        os.close(before)


def _is_harmless_below(found: Found) -> bool:
    """Of operands that stand for anything below them, the trees count."""
    below = found.invocation.below
    return not below or fastpath.certainly_unrelated("rm", ("-rf", "--", *below))
