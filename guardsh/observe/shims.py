"""Whether a shim of guardsh stands where a program will be looked up."""

from __future__ import annotations

import os

_OF_SUDO = "/usr/local/sbin:/usr/local/bin"  # where sudo looks first, in what distributions ship


def is_shimmed(name: str, path: str | None) -> bool:
    """Whether the first program of this name on ``path`` is a shim; None is where sudo will look."""
    for directory in (_OF_SUDO if path is None else path).split(":"):
        try:
            with open(os.path.join(directory, name), "rb") as file:
                return file.read(2) == b"#!" and b"guardsh" in file.read(4096)
        except OSError:
            continue
    return False
