"""The account that owns the directory above, and swaps what it can while somebody moves things: python -m … TRAP.

Whatever it gets to see of a store that is not its own it writes down in ``seen``.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

from guardsh.model.saved import STORE


def swap(name: str, trap: str) -> None:
    """For a moment, a link to the trap has this name."""
    os.rename(name, f"{name}.real")
    try:
        os.symlink(trap, name)
        os.unlink(name)
    finally:
        os.rename(f"{name}.real", name)


def plant() -> None:
    """A store of our own, where there is none, and an entry in it."""
    os.makedirs(f"{STORE}/20990101-000000-0000/PG_files")
    os.rmdir(f"{STORE}/20990101-000000-0000/PG_files")
    os.rmdir(f"{STORE}/20990101-000000-0000")
    os.rmdir(STORE)


def look() -> None:
    store = os.open(STORE, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if os.fstat(store).st_uid != os.geteuid():
            with open("seen", "a", encoding="utf-8") as file:
                file.write(f"{os.listdir(store)}\n")
    finally:
        os.close(store)


if __name__ == "__main__":
    (trap,) = sys.argv[1:]
    acts: tuple[Callable[[], None], ...] = (lambda: swap("data", trap), lambda: swap(STORE, trap), plant, look)
    while True:
        for each in acts:
            with contextlib.suppress(OSError):
                each()
