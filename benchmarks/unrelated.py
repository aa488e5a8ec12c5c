"""What a command that has nothing to do with Postgres pays: one file, and a large tree."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks.race import Program, race

RM = "/bin/rm"
GUARDSH = os.path.join(os.path.dirname(sys.executable), "guardsh")
FILES = 100_000
FILES_IN_ONE_DIRECTORY = 1_000
ROUNDS_WITH_TREES = 7


def one_file(scratch: Path) -> list[str]:
    """The aim: within 1.5 times the interpreter's own start."""
    note = scratch / "note"
    floor = Program("python -I -S -c pass", (sys.executable, "-I", "-S", "-c", "pass"))
    bare = Program("rm FILE", (RM, str(note)), prepare=note.touch)
    guarded = Program("rm FILE, guarded", (guarded_rm(scratch), str(note)), prepare=note.touch)
    return race((floor, bare, guarded), rounds=100)


def large_tree(scratch: Path) -> list[str]:
    """The aim: at most 1.1 times bare rm."""
    tree = scratch / "tree"
    # All trees first: ext4 takes a hundred times as long to create files soon after so many were removed.
    trees = iter([plant(scratch / f"tree-{number}") for number in range(2 * (ROUNDS_WITH_TREES + 1))])
    os.sync()

    def next_tree() -> None:
        next(trees).rename(tree)

    bare = Program("rm -rf TREE", (RM, "-rf", str(tree)), prepare=next_tree)
    guarded = Program("rm -rf TREE, guarded", (guarded_rm(scratch), "-rf", str(tree)), prepare=next_tree)
    return race((bare, guarded), ROUNDS_WITH_TREES)


def plant(tree: Path) -> Path:
    for number in range(FILES // FILES_IN_ONE_DIRECTORY):
        directory = f"{tree}/{number:03}"
        os.makedirs(directory)
        for name in range(FILES_IN_ONE_DIRECTORY):
            os.close(os.open(f"{directory}/{name:03}", os.O_CREAT | os.O_WRONLY))
    return tree


def guarded_rm(scratch: Path) -> str:
    """A link named rm to guardsh, as an operator would have it first on PATH."""
    link = scratch / "links" / "rm"
    link.parent.mkdir(exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(GUARDSH)
    return str(link)
