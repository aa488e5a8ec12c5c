"""One act of the store in a process of its own, to be killed: python -m tests.remedies.acts ACT DIRECTORY REGISTRY."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable

from guardsh.model.saved import Saved, Way
from guardsh.remedies import moved, moving, record, store
from guardsh.remedies.entry import Item
from guardsh.remedies.held import Held


def about(directory: str) -> Saved:
    return Saved(record.new_id(time.time()), Way.MOVED, time.time(), (directory,), "", "a test's")


forth = moving.forth


def half(items: Iterable[Item], origin: Held, files: Held) -> None:
    """Two of them, and the power goes."""
    forth(list(items)[:2], origin, files)
    os._exit(0)


def act(name: str, directory: str) -> None:
    beside = os.path.dirname(directory)
    if name == "empty":
        moved.empty(directory, beside, about(directory))
    elif name == "stand in":
        moved._MANY = 0
        moved.empty(directory, beside, about(directory))
    elif name == "remove":
        moved.move((os.path.basename(directory),), beside, beside, about(beside))
    elif name == "half":
        moving.forth = half
        moved.empty(directory, beside, about(directory))
    elif name == "settle":
        moved.saved([directory])
    elif name == "again":
        for _ in range(40):
            moved.saved([directory])
            moved.put_back(moved.empty(directory, beside, about(directory)))
    else:
        (this,) = moved.saved([directory])
        {"undo": moved.put_back, "purge": moved.purge}[name](this)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, where we run in the background
    store._OF_NODE = store._OF_ACCOUNT = sys.argv[3]
    act(sys.argv[1], sys.argv[2])
