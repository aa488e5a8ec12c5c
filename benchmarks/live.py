"""What an answer about running servers takes: a verdict, the challenge on screen, the status of a full node."""

from __future__ import annotations

import os
import pty
import shlex
import time
from pathlib import Path

from benchmarks.race import Program, Sight, race
from benchmarks.unrelated import GUARDSH, guarded_rm
from guardsh.operations.lab import Lab, LabServer

INSTANCES = 20
ROLE = "select pg_is_in_recovery()"
# A terminal is asked for its background colour, and for its kind so that an end is in sight (xterm, ctlseqs).
QUESTION, ANSWER = b"\x1b[c", b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b[?62;22c"
CTRL_C = b"\x03"


def verdict(scratch: Path) -> list[str]:
    """The aim: the first line on screen in less than 300 ms."""
    with Lab(str(scratch / "lab")) as lab:
        primary = lab.primary()
        lab.replica(primary)
        primary.until("select count(*) = 1 from pg_stat_replication where state = 'streaming'")
        words = ("rm", "-rf", primary.directory)
        psql = Program(f"psql -XAtc '{ROLE}'", psql_on(primary), environment=lab.binaries.environment)
        check = Program("guardsh check -- rm -rf DATA", (GUARDSH, "check", "--", *words), statuses=(10,))
        sight = Sight("rm -rf DATA, guarded: first line on screen", lambda: seconds_until_asked(scratch, primary))
        return race((psql, check, sight), rounds=30)


def full_node(scratch: Path) -> list[str]:
    """All of a node's instances, against an operator's own loop that asks each for nothing but its role."""
    with Lab(str(scratch / "lab")) as lab:
        servers = [lab.primary(f"instance-{number:02}") for number in range(INSTANCES)]
        loop = "; ".join(shlex.join(psql_on(server)) for server in servers)
        psql = Program(f"psql -XAtc '{ROLE}', {INSTANCES} times", ("/bin/sh", "-c", loop))
        status = Program(f"guardsh status, {INSTANCES} instances", (GUARDSH, "status"))
        return race((psql, status), rounds=15)


def psql_on(server: LabServer) -> tuple[str, ...]:
    where = ("-h", server.lab.sockets, "-p", str(server.port), "-U", "postgres", "-d", "postgres")
    return (server.lab.binaries.path("psql"), "-XAtc", ROLE, *where)


def seconds_until_asked(scratch: Path, primary: LabServer) -> float:
    """From the return key to the headline of the challenge, on a terminal that answers at once; then Ctrl-C."""
    link = guarded_rm(scratch)
    start = time.perf_counter()
    pid, screen = pty.fork()
    if pid == 0:
        os.execv(link, [link, "-rf", primary.directory])
    shown = b""
    while b"PRIMARY" not in shown:
        shown += answered(screen)
    took = time.perf_counter() - start
    while b"host and role>" not in shown:
        shown += answered(screen)
    os.write(screen, CTRL_C)
    hang_up(screen)
    os.waitpid(pid, 0)
    assert os.path.exists(primary.path("PG_VERSION"))
    return took


def answered(screen: int) -> bytes:
    text = os.read(screen, 1 << 16)
    if QUESTION in text:
        os.write(screen, ANSWER)
    return text


def hang_up(screen: int) -> None:
    """Read until nobody has the terminal open any more (EIO, on Linux), and close it."""
    try:
        while os.read(screen, 1 << 16):
            pass
    except OSError:
        os.close(screen)
