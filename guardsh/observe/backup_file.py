"""The backup file of a reshape that writes over what it reads: which it is, and whether it outlives a reboot."""

from __future__ import annotations

import os
from collections.abc import Iterator

from guardsh.model.observed import Known, Unknown
from guardsh.model.stack import Kind, layers
from guardsh.model.storage import Array
from guardsh.observe.stack import stacks
from guardsh.system import proc

_LINK = "run/mdadm/backup_file-"  # mdadm leaves it for the one that continues (make_backup, Grow.c, mdadm 4.2)
_OPTION = "--backup-file"


def fate(array: Array, root: str = "/") -> str:
    """What is to be said of it, as in ``its backup file /root/md0, which is not there``; "" where none is known.

    It looks at a file that may lie anywhere: call it under a deadline.
    """
    path = _linked(array, root) or next(_named(array, root), "")
    return f"its backup file {path}, {_place(path, array, root)}" if path else ""


def _place(path: str, array: Array, root: str) -> str:
    if not os.path.exists(os.path.join(root, path.lstrip("/"))):
        return "which is not there"
    (stack,) = stacks([path], Known((array,), array.source), root)
    if isinstance(stack.top, Unknown):
        return f"of which it is not known where it lies ({stack.top.why})"
    beneath = list(layers(stack.top.value))
    if any(layer.kind is Kind.MEMORY for layer in beneath):
        return "which lies in memory and is gone after a reboot"
    if any(layer.kind is Kind.ARRAY and layer.name == array.name for layer in beneath):
        return f"which lies on {array.name} itself"
    return "which nothing names at boot"


def _linked(array: Array, root: str) -> str:
    link = os.path.join(root, _LINK + array.name)
    try:
        return os.readlink(link)
    except OSError:
        return f"/{_LINK}{array.name}" if os.path.exists(link) else ""


def _named(array: Array, root: str) -> Iterator[str]:
    """By the mdadm that is at work on this array."""
    base = os.path.join(root, "proc")
    for process in proc.processes(base):
        words = proc.words(process.pid, base) if process.name == "mdadm" else []
        if any(os.path.basename(word) == array.name for word in words):
            for word, following in zip(words, [*words[1:], ""], strict=True):
                option, _, value = word.partition("=")
                if option == _OPTION and os.path.isabs(value or following):
                    yield value or following
