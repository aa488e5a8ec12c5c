"""The entrance for the shells' line hooks: ``guardsh line --shell NAME --pid PID``, the line on standard input.

A line that touches nothing of Postgres is decided without anything heavy; the plainest without reading it as a shell's.
The exit status is 0 where the line may run and 77 where it may not.
"""

from __future__ import annotations

import sys

from guardsh.line import plain

_SHELLS = ("bash", "zsh", "fish")
_USAGE = 2


def main(words: list[str]) -> int:
    """Judge the line; ``words`` are those after ``line``."""
    match words:
        case ["--shell", shell, "--pid", pid] if shell in _SHELLS and pid.isdigit():
            return _judge(sys.stdin.buffer.read(), shell, int(pid))
        case _:
            sys.stderr.write("guardsh: usage: guardsh line --shell bash|zsh|fish --pid PID < LINE\n")
            return _USAGE


def _judge(handed: bytes, shell: str, pid: int) -> int:
    if plain.certainly_unrelated(handed):
        return 0
    from guardsh.line import reading
    from guardsh.line.handed import parse

    found = reading.commands(parse(handed), shell)
    if not found:
        return 0
    from guardsh.line import story

    return story.settle(found, pid)
