"""A system tool run for what it says: by its usual place, in the C locale, with nothing of the caller's terminal."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

PLACES = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin"
# Variables that say where LVM has its configuration, and without udev its nodes (lvm(8)).
KEPT: tuple[str, ...] = ("LVM_", "DM_")
_SECONDS = 60.0


def is_here(name: str) -> bool:
    """Whether the tool is installed."""
    return any(os.access(f"{place}/{name}", os.X_OK) for place in PLACES.split(":"))


def said(words: Sequence[str], seconds: float = _SECONDS) -> str:
    """What it printed. Raises OSError with its first complaint where it failed, TimeoutError where it took too long."""
    environment = {"PATH": PLACES, "LC_ALL": "C", **_kept()}
    try:
        done = subprocess.run(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{words[0]} did not answer in {seconds:.0f} s") from None
    if done.returncode:
        raise OSError(_why(done.stderr) or f"{words[0]} failed with status {done.returncode}")
    return done.stdout


def _why(complaints: str) -> str:
    """LVM warns first, and ends with where its help is."""
    lines = (line.strip() for line in complaints.splitlines())
    return next((line for line in lines if line and not line.startswith("WARNING")), "")


def _kept() -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    return {**given, "LVM_SUPPRESS_FD_WARNINGS": "1"}  # ours are no news
