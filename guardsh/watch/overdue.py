"""A healing that another keeper should have finished: it was killed, or not there when the names vanished."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator

from guardsh.remedies import farm_return
from guardsh.remedies.farm import Farm
from guardsh.remedies.farm_ground import NoFarmError, has_farm
from guardsh.remedies.insured import Mode
from guardsh.system import proc
from guardsh.watch.family import Family
from guardsh.watch.healing import INTERRUPTED, Healing, Outcome
from guardsh.watch.lifeline import Lifeline

ESSENTIAL = ("PG_VERSION", "global/pg_control")  # what a running server never removes


def heal(directory: str, roots: Iterable[str], family: Family, lifeline: Lifeline) -> Outcome | None:
    """Put back what the farms of this very server's life have; None where nothing is missing, or they are of another
    one. Raises OSError and NoFarmError."""
    with contextlib.ExitStack() as stack:
        farms = [stack.enter_context(_recalled(root)) for root in roots if has_farm(root)]
        if not farms or not _is_of(family.postmaster, farms[0]):
            return None
        was_interrupted = INTERRUPTED in [farm.frozen() for farm in farms]
        outcome = None
        if _is_due(directory, farms):
            outcome = Healing(family, lifeline, Mode.HEAL, farms).put_back_only()
        if was_interrupted:
            family.go_on()  # it was held still by one of us, who is gone
        return outcome


def _is_due(directory: str, farms: list[Farm]) -> bool:
    if not any(map(farm_return.missing, farms)):
        return False
    frozen = [farm.frozen() for farm in farms]
    if any(why and why != INTERRUPTED for why in frozen):
        return False  # that could not be healed, or was not to be
    return INTERRUPTED in frozen or not all(os.path.lexists(f"{directory}/{name}") for name in ESSENTIAL)


def _is_of(postmaster: int, farm: Farm) -> bool:
    """Whether the names are of this run of the server: its lock file has a second one. Within a container it says the
    pid that the server has there."""
    try:
        lock = os.open("postmaster.pid", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=farm.branches[""].second)
    except (OSError, KeyError):
        return False
    with os.fdopen(lock, encoding="utf-8", errors="replace") as file:
        return file.readline().strip() in _pids(postmaster)


def _pids(pid: int) -> list[str]:
    """What a process is called in each of its pid namespaces (NSpid, proc(5))."""
    lines = proc.read(f"/proc/{pid}/status").splitlines()
    return next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [str(pid)])


@contextlib.contextmanager
def _recalled(root: str) -> Iterator[Farm]:
    with contextlib.closing(Farm(root)) as farm:
        try:
            farm_return.recall(farm)
        except ValueError as error:
            raise NoFarmError(f"the farm of {root} cannot be read: {error}") from None
        yield farm
