"""Puts one made question to the terminal that it runs on, and writes what came of it to a file: run by the tests.

Arguments: the file, and a JSON object (see ``Question`` in conftest.py).
"""

from __future__ import annotations

import json
import os
import sys
import termios
import time
import tty

from guardsh.model.verdict import Accepted, Decision, Reason, Subject, Verdict
from guardsh.screen.dialogue import ask
from guardsh.system.terminal import Terminal

EVIDENCE = (
    ("role", "primary", "pg_is_in_recovery() = false on /run/postgresql:5432; walwriter is running"),
    ("replicas", "none", "no walsender; slot db_02 inactive, 214 GB of WAL kept for it"),
    ("archive", "failing", "since 13:27; 1 204 segments (19 GB) only on this host"),
)


def made_verdict(word: str, only_copy: bool) -> Verdict:
    return Verdict(
        Decision.CHALLENGE,
        "db-01",
        Subject(word, "PostgreSQL 14 · /mnt/data/postgresql-14 · 51.2 TB · up 3 h", only_copy),
        "rm -rf would delete the data directory of a running primary: 14 entries of it, all of its data.",
        (Reason("live", "It is running."),),
        EVIDENCE,
    )


def main() -> None:
    file, options = sys.argv[1], json.loads(sys.argv[2])
    with open(os.path.join(os.path.dirname(file), "pid"), "w") as output:
        output.write(str(os.getpid()))
    descriptor = os.open("/dev/tty", os.O_RDWR)
    if options["raw"]:
        tty.setraw(descriptor)
    before = termios.tcgetattr(descriptor)
    os.write(descriptor, b"ready\r\n")
    time.sleep(options["pause"])
    with Terminal() as terminal:
        verdict = made_verdict(options["word"], options["only_copy"])
        outcome = ask(terminal, verdict, options["patience"], options["paint"])
    told = {
        "accepted": isinstance(outcome, Accepted),
        "answer": outcome.answer,
        "why": "" if isinstance(outcome, Accepted) else outcome.why,
        "modes_kept": kept(descriptor, before),
        "left_to_read": left(descriptor),
    }
    with open(file, "w") as output:
        json.dump(told, output)


def kept(descriptor: int, before: list[object]) -> bool:
    try:
        return termios.tcgetattr(descriptor) == before
    except termios.error:
        return False


def left(descriptor: int) -> str:
    """What a shell would now get as its next command."""
    try:
        tty.setcbreak(descriptor)
        os.set_blocking(descriptor, False)
        return os.read(descriptor, 4096).decode()
    except (OSError, termios.error):
        return ""


if __name__ == "__main__":
    main()
