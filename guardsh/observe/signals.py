"""Which servers a signal would end: the processes it goes to, and what each of them is to a server.

What each signal does: src/backend/postmaster/postmaster.c, src/backend/tcop/postgres.c (PostgreSQL 12 to 18), and
"Shutting Down the Server" of the manual.

| signal | postmaster | startup process | any other process of it |
|---|---|---|---|
| 0, HUP, USR1, CONT, CHLD, URG, WINCH | – | – | – |
| INT | stops (fast) | – | cancels a query |
| TERM | stops (smart) | stops the server | ends one session, or a worker that is started again |
| QUIT | stops (immediate) | every session ends | every session ends |
| KILL, ABRT, SEGV … | crash | crash | crash: every session ends |
| STOP, TSTP | hangs | hangs | whoever waits for it hangs |

An HA manager that ends takes its server with it, or leaves it without one.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import partial

from guardsh.model.instance import Server
from guardsh.model.intent import ANY_INSTANCE, Extent, Signal, Target
from guardsh.model.observed import Known, Unknown
from guardsh.system import proc, program
from guardsh.system.apart import Deadline, apart

_ENDS_ONE_SESSION = ("INT", "TERM")
_HA_MANAGERS = frozenset({"patroni", "pg_autoctl", "stolon-keeper"})
_INTERPRETERS = ("python", "pypy")
_SECONDS = 1.0


def targets(
    signal: Signal | None, servers: Sequence[Server], deadline: Deadline, unseen: list[str]
) -> Iterator[Target]:
    """The instances that the signal would stop, by their postmasters; a listing that fails may have named any."""
    if signal is None:
        return
    found = dict.fromkeys(signal.pids)
    for listing in signal.listings:
        listed = _listed(listing, deadline)
        if isinstance(listed, Unknown):
            unseen.append(f"which processes {' '.join(listing)} lists: {listed.why}")
        else:
            found |= dict.fromkeys(listed.value)
    postmasters = {server.pid for server in servers}
    for pid in found:
        yield from _of(pid, signal.name, postmasters)


def _of(pid: int, name: str, postmasters: set[int]) -> Iterator[Target]:
    if pid in postmasters:
        yield Target(f"/proc/{pid}/cwd", Extent.INSTANCE, follow=True)
        return
    process = proc.parse_stat(proc.read(f"/proc/{pid}/stat"))
    if process is None:
        return
    if process.parent in postmasters and (name not in _ENDS_ONE_SESSION or _is_startup(pid, name)):
        yield Target(f"/proc/{process.parent}/cwd", Extent.INSTANCE, follow=True)
    elif _is_ha_manager(process):
        yield ANY_INSTANCE


def _is_startup(pid: int, name: str) -> bool:
    """Its exit ends the server (reaper in postmaster.c); it ignores INT."""
    title = " ".join(proc.words(pid, "/proc"))
    return name == "TERM" and re.search(r": startup( |$)", title) is not None


def _is_ha_manager(process: proc.Process) -> bool:
    words = proc.words(process.pid, "/proc")
    interpreted = bool(words) and os.path.basename(words[0]).startswith(_INTERPRETERS)
    script = os.path.basename(words[1]) if interpreted and len(words) > 1 else ""
    return process.name in _HA_MANAGERS or script in _HA_MANAGERS


def _listed(listing: tuple[str, ...], deadline: Deadline) -> Known[list[int]] | Unknown:
    path = program.find(os.fsencode(listing[0]))
    if path is None:
        return Unknown(f"{listing[0]} was not found")
    words = [os.fsdecode(path), *listing[1:]]
    return apart(partial(_numbers, words, deadline.left()), Deadline(min(_SECONDS, deadline.left())))


def _numbers(words: list[str], seconds: float) -> list[int]:
    """The process ids in what it prints; killall -v says ``Killed postgres(4711) with signal 0`` on standard error."""
    ran = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    if words[0].endswith("killall"):
        return [int(number) for number in re.findall(rb"\((-?\d+)\) with signal", ran.stderr)]
    return [int(number) for number in re.findall(rb"\d+", ran.stdout)]
