"""Saying something to whoever is there: on the terminal, and only where it must be heard, on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from guardsh.model.verdict import Verdict
from guardsh.screen import report
from guardsh.screen.plain import safe
from guardsh.screen.style import style_for
from guardsh.system.terminal import NoAnswer, Terminal


def say(lines: Sequence[str]) -> None:
    """Lines for the person at the terminal; without one they are not said: cron mails what is on standard error."""
    try:
        with Terminal() as terminal:
            terminal.write_if_possible(_text([safe(line) for line in lines]))
    except OSError:
        return


def refuse(verdict: Verdict, command: Sequence[str]) -> None:
    """Say that ``command`` is refused: in full at the terminal, in one line on standard error where nobody is asked.

    Without a ``command`` the line says no way forward beyond the verdict's hints.
    """
    if not verdict.unattended and _refused_at_terminal(verdict, command):
        return
    sys.stderr.write(report.unattended(verdict, command) + "\n")


def _refused_at_terminal(verdict: Verdict, command: Sequence[str]) -> bool:
    try:
        with Terminal() as terminal:
            terminal.write(_text(report.refusal(verdict, command, terminal.width, style_for(os.environ))))
    except (OSError, NoAnswer):
        return False
    return True


def _text(lines: Sequence[str]) -> str:
    """The carriage returns are for a terminal that a program has left raw."""
    return "".join(f"{line}\r\n" for line in lines)
