"""What a shield costs: to enter one, against a bare mount namespace; and for each command in it, against outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.race import Program, Sight, race
from benchmarks.unrelated import GUARDSH
from guardsh.observe.shielded import Covered, Look
from guardsh.operations import shield as product
from guardsh.operations.lab import Lab

_ROUNDS = 41
_IN_A_ROW = 200  # commands for one figure
_TRUE = "/bin/true"


def shield(scratch: Path) -> list[str]:
    """The aims: no cost of a command inside; entering one is a moment."""
    with Lab(str(scratch)) as lab:
        lab.primary("data")
        return [*_entering(), *_inside(scratch)]


def _entering() -> list[str]:
    look = Look((), 2.0)
    known = _Known(look)
    programs = (
        Program("true", (_TRUE,)),
        Program("unshare -m true", ("/usr/bin/unshare", "-m", _TRUE)),
        Program("python -c 'import guardsh.cli.shell'", (sys.executable, "-c", "import guardsh.cli.shell")),
        Program("guardsh shell -- true", (GUARDSH, "shell", "--", _TRUE)),
        Program("guardsh shell --try, as a login shell does first", (GUARDSH, "shell", "--try", str(os.getpid()))),
    )
    parts = (
        Sight("  of that: the look at the node", lambda: _in_a_child(look.covered)),
        Sight("  and broker, namespace, mounts, Landlock", lambda: _in_a_child(lambda: product.enter(known))),
    )
    return race((*programs, *parts), _ROUNDS)


class _Known(Look):
    """One that has been had before."""

    def __init__(self, look: Look) -> None:
        super().__init__(look.configured, look.seconds)
        object.__setattr__(self, "_covered", look.covered())

    def covered(self) -> Covered:
        found: Covered = self._covered  # type: ignore[attr-defined]
        return found


def _in_a_child(work: Callable[[], object]) -> float:
    """The seconds that a child says: a shield is for good."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        start = time.perf_counter()
        work()
        os.write(writer, repr(time.perf_counter() - start).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        took = float(said.read(64))
    os.wait()
    return took


def _inside(scratch: Path) -> list[str]:
    """A shell outside and one inside, told to run the same by turns."""
    outside, inside = (_Shell(words) for words in (("sh",), (GUARDSH, "shell", "--", "sh")))
    try:
        return [
            *race(_by_turns(f"{_IN_A_ROW} times {_TRUE}", outside, inside, _TRUE), _ROUNDS),
            *race(_by_turns(f"{_IN_A_ROW} times a file made and removed", outside, inside, _write(scratch)), _ROUNDS),
        ]
    finally:
        outside.end()
        inside.end()


def _by_turns(name: str, outside: _Shell, inside: _Shell, command: str) -> tuple[Sight, Sight]:
    line = f"i=0; while [ $i -lt {_IN_A_ROW} ]; do {command}; i=$((i+1)); done"
    return Sight(f"{name}: outside", lambda: outside.seconds(line)), Sight("  inside", lambda: inside.seconds(line))


def _write(scratch: Path) -> str:
    return f": >{scratch}/file; /bin/rm {scratch}/file"


class _Shell:
    def __init__(self, words: tuple[str, ...]) -> None:
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def seconds(self, line: str) -> float:
        assert self._process.stdin and self._process.stdout
        start = time.perf_counter()
        self._process.stdin.write(f"{line}; echo done\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"
        return time.perf_counter() - start

    def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
