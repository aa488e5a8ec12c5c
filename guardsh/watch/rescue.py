"""Files that were deleted before they had a second name: copied from a process of the server that has them open.

A copy is a file of its own: what has the old one open goes on writing into that (linkat(2) gives no name to a file that
has lost its last one). So these names are told, and a server that had any should be started anew soon.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable

from guardsh.remedies.farm import Branch
from guardsh.system import proc

_DELETED = " (deleted)"


def copied(root: str, unnamed: Iterable[tuple[Branch, str]], pids: Iterable[int]) -> list[str]:
    """The paths that were put back so, or that nobody has open any more."""
    wanted = {os.path.join(root, branch.path, name): (branch, name) for branch, name in unnamed}
    wanted = {path: each for path, each in wanted.items() if not os.path.lexists(path)}
    for pid in pids:
        for path, descriptor in _open_files(pid):
            if path in wanted and not os.path.lexists(path):
                _copy(descriptor, *wanted[path])
    return list(wanted)


def _open_files(pid: int) -> list[tuple[str, str]]:
    try:
        descriptors = [f"/proc/{pid}/fd/{number}" for number in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return []
    shown = [(proc.link(descriptor) or "", descriptor) for descriptor in descriptors]
    return [(path.removesuffix(_DELETED), descriptor) for path, descriptor in shown if path.endswith(_DELETED)]


def _copy(descriptor: str, branch: Branch, name: str) -> None:
    with contextlib.suppress(OSError), open(descriptor, "rb") as source:
        status = os.fstat(source.fileno())
        target = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=branch.real)
        with os.fdopen(target, "wb") as file:
            os.fchown(target, status.st_uid, status.st_gid)
            os.fchmod(target, status.st_mode & 0o7777)
            shutil.copyfileobj(source, file)
