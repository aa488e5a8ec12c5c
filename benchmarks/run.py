"""Runs the comparisons and prints one table: make bench, or some of them: make bench ARGS='one_file status'."""

from __future__ import annotations

import compileall
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import guardsh
from benchmarks.unrelated import large_tree, one_file

COMPARISONS: dict[str, Callable[[Path], list[str]]] = {
    "one_file": one_file,
    "large_tree": large_tree,
}


def main(names: Sequence[str]) -> None:
    print(machine())
    compileall.compile_dir(os.path.dirname(guardsh.__file__), quiet=1)  # as an installer does
    for name in names or COMPARISONS:
        with tempfile.TemporaryDirectory(prefix="guardsh-bench-") as scratch:
            rows = COMPARISONS[name](Path(scratch))
        print(f"\n{name.replace('_', ' ')}", *rows, sep="\n", flush=True)


def machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores · Linux {platform.release()} · {python} at {sys.executable}"


if __name__ == "__main__":
    main(sys.argv[1:])
