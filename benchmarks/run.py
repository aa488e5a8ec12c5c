"""Runs the comparisons and prints one table: make bench, or some of them: make bench ARGS='one_file verdict'."""

from __future__ import annotations

import compileall
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import guardsh
from benchmarks.aside import aside
from benchmarks.devices import status
from benchmarks.line import line
from benchmarks.live import full_node, verdict
from benchmarks.prompt import prompt
from benchmarks.reading import harmless_line, whole_line
from benchmarks.salvage import salvage
from benchmarks.shield import shield
from benchmarks.shim import shim
from benchmarks.snapshot import snapshot
from benchmarks.unrelated import large_tree, one_file
from benchmarks.watch import promotion, watcher_idle
from guardsh.operations.binaries import find_binaries

COMPARISONS: dict[str, Callable[[Path], list[str]]] = {
    "one_file": one_file,
    "large_tree": large_tree,
    "shim": shim,
    "prompt": prompt,
    "line": line,
    "verdict": verdict,
    "whole_line": whole_line,
    "harmless_line": harmless_line,
    "full_node": full_node,
    "watcher_idle": watcher_idle,
    "promotion": promotion,
    "snapshot": snapshot,
    "aside": aside,
    "salvage": salvage,
    "status": status,
    "shield": shield,
}


def main(names: Sequence[str]) -> None:
    print(machine())
    compileall.compile_dir(os.path.dirname(guardsh.__file__), quiet=1)  # as an installer does
    for name in names or COMPARISONS:
        with tempfile.TemporaryDirectory(prefix="guardsh-bench-") as scratch:
            os.chmod(scratch, 0o755)  # servers run as another account where we are root
            rows = COMPARISONS[name](Path(scratch))
        print(f"\n{name.replace('_', ' ')}", *rows, sep="\n", flush=True)


def machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    server = Path(find_binaries().path("postgres"))
    postgres = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{os.cpu_count()} cores · Linux {platform.release()} · {python} · {postgres}"


if __name__ == "__main__":
    main(sys.argv[1:])
