"""Being loud after an accident: on record, in the system's log, and on every terminal."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Iterable

from guardsh.audit import trail
from guardsh.model.event import Event, Outcome
from guardsh.policy import config
from guardsh.screen.plain import safe, shortened
from guardsh.watch.healing import Outcome as Healed

_TERMINALS = "/dev/pts"
_WIDTH = 160  # characters of a command


def told(directory: str, healed: Healed) -> None:
    """Tell everybody what became of an accident; never raises."""
    lines = [safe(line) for line in sentences(directory, healed)]
    write_to_all(lines)
    with contextlib.suppress(trail.NotRecorded):
        trail.record(_event(directory, healed, lines), config.in_force().audit_file)


def sentences(directory: str, healed: Healed) -> list[str]:
    """What happened, who did it, and what is left to do."""
    pause = f"the server stood still for {healed.pause * 1000:.0f} ms"
    names = "1 name was" if healed.names == 1 else f"{healed.names} names were"
    done = f"{names} put back; {pause}" if healed.healed else healed.sentence
    lines = [f"guardsh: {platform.node()}: files of the running server in {directory} were deleted: {done}"]
    for culprit in healed.culprits:
        lines.append(f"  by process {culprit.pid} ({shortened(culprit.command, _WIDTH)}): {culprit.fate}")
    if healed.aside:
        lines.append(f"  other files had been put in their places: these lie in {healed.aside} now")
    if healed.lost:
        lines.append(f"  {len(healed.lost)} had no second name yet, and are copies now: {', '.join(healed.lost[:3])}")
        lines.append("hint: take a new base backup or fail over, and restart this server")
    return lines


def write_to_all(lines: Iterable[str], terminals: str = _TERMINALS) -> None:
    """As wall(1), but also to terminals without a login: those of tmux. Nothing is waited for."""
    text = ("\r\n" + "\r\n".join(lines) + "\r\n").encode()
    with contextlib.suppress(OSError):
        for name in os.listdir(terminals):
            if name.isdigit():
                _write(f"{terminals}/{name}", text)


def _write(terminal: str, text: bytes) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(terminal, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.write(descriptor, text)
        finally:
            os.close(descriptor)


def _event(directory: str, healed: Healed, lines: list[str]) -> Event:
    """As a rejection: somebody's command was not to have its way."""
    first = healed.culprits[0].command if healed.culprits else ""
    return Event(
        when=time.time(),
        outcome=Outcome.REJECT,
        operator=trail.operator(),
        host=platform.node(),
        cwd="/",
        argv=tuple(first.split(" ")) if first else (),
        intent=(f"delete {directory}",),
        verdict={},
        answer="",
        detail="; ".join(line.strip() for line in lines),
    )
