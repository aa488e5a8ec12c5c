"""One accident, healed: the server is held still, the deletion ended, the names put back, and the server goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from guardsh.remedies import farm_return
from guardsh.remedies.farm import Farm
from guardsh.remedies.insured import Mode
from guardsh.system import proc, waiting
from guardsh.watch import rescue
from guardsh.watch.family import Family
from guardsh.watch.lifeline import Lifeline
from guardsh.watch.plot import Plot

_RUN_OUT = 0.15  # seconds that a deletion may take to come to its end by itself
INTERRUPTED = "a healing was interrupted"  # what a farm says while it lasts
_HOMELESS = "the directory itself was removed: its files are back in a new one; end the server, and start it there"
_QUIET = 0.004  # seconds without a further removal, after which it is taken for over
_STILLNESS = 0.05  # seconds for processes in the middle of a disk's work
# Programs that do nothing else, and those that start them again and again. Anybody else may have other work in hand.
_DELETERS = frozenset("rm rmdir unlink find mv rsync shred".split())  # noqa: SIM905
_STARTERS = frozenset("find xargs parallel".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Culprit:
    """Who took the names: seen at the first of them."""

    pid: int
    command: str
    fate: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``names`` were put back while the server stood still for ``pause`` seconds."""

    healed: bool
    names: int
    pause: float
    culprits: tuple[Culprit, ...]
    sentence: str
    lost: tuple[str, ...] = ()  # names that had no second one yet
    aside: str = ""  # where that lies which others had put in the places of ours


class Healing:
    """Begins with the server held still. Whoever held it still before (guardsh freeze) goes on doing so. Raises
    ProcessLookupError where it is gone."""

    def __init__(self, family: Family, lifeline: Lifeline, mode: Mode, farms: Sequence[Farm]) -> None:
        self._begun = time.monotonic()
        self._family = family
        self._lifeline = lifeline
        self._mode = mode
        self._culprits: dict[int, str] = {}
        self._fates: dict[int, str] = {}
        self._was_still = family.is_still()
        if mode is Mode.HEAL and not self._was_still:
            lifeline.holding()
        family.stop()
        self._farms = farms
        self._aside = ""
        self._homeless = False  # the directory itself was removed: the server works in one that is no longer there
        for farm in farms:  # who comes after us, should we be killed, has something to go by
            with contextlib.suppress(OSError):
                farm.freeze(INTERRUPTED, lasting=False)

    def suspect(self, pid: int) -> None:
        """Somebody who takes names: ended at once where he does nothing else."""
        if pid in self._culprits or pid <= 1 or pid == os.getpid():
            return
        self._culprits[pid] = " ".join(proc.words(pid, "/proc")) or f"process {pid}"
        process = proc.parse_stat(proc.read(f"/proc/{pid}/stat"))
        if self._mode is Mode.FREEZE or process is None:
            return
        if process.name in _DELETERS:
            self._kill(pid)
        starter = proc.parse_stat(proc.read(f"/proc/{process.parent}/stat"))
        if starter is not None and starter.name in _STARTERS:
            self._culprits[starter.pid] = " ".join(proc.words(starter.pid, "/proc"))
            self._kill(starter.pid)

    def heal(self, plots: Sequence[Plot], read: Callable[[], bool]) -> Outcome:
        """To the server's going on. ``read`` takes what else is told, and says whether it was of somebody else.

        A server that is to be frozen stays held still.
        """
        if self._mode is Mode.FREEZE:
            how = "the server is held still; guardsh salvage, or kill -CONT its processes to go on"
            return self._outcome(False, 0, how)
        try:
            self._let_run_out(plots, read)
            names, lost = self._put_back(plots)
        except OSError as error:
            why = f"{error.filename or ''} {(error.strerror or str(error)).lower()}".strip()
            return self._outcome(False, 0, f"the names could not be put back: {why}; the server goes on")
        finally:
            self._release()
        outcome = self._outcome(not self._homeless, names, _HOMELESS if self._homeless else "healed", lost)
        for plot in plots:
            plot.settled()
        return outcome

    def put_back_only(self) -> Outcome:
        """The same where nobody is told of names, and the farms say what should be there."""
        try:
            self._family.await_stillness(_STILLNESS)
            names = sum(farm_return.restore(farm)[0] for farm in self._farms)
        finally:
            self._release()
        return self._outcome(True, names, "healed, late")

    def _release(self) -> None:
        if not self._was_still:
            self._family.go_on()
        self._lifeline.released()
        for farm in self._farms:
            farm.thaw()

    def _let_run_out(self, plots: Sequence[Plot], read: Callable[[], bool]) -> None:
        """Wait for the deletion's end, and until all of the server stands still."""
        self._family.await_stillness(_STILLNESS)
        end = time.monotonic() + _RUN_OUT
        while time.monotonic() < end:
            told = bool(waiting.ready([plot.events.fileno() for plot in plots], _QUIET)) and read()
            if not told and not any(map(_is_alive, self._culprits)):
                break
        read()

    def _put_back(self, plots: Sequence[Plot]) -> tuple[int, tuple[str, ...]]:
        names, lost = 0, list[str]()
        for plot in plots:
            self._aside = plot.put_aside() or self._aside
            restored, fresh = farm_return.restore(plot.farm)
            plot.follow_again(fresh)
            self._homeless |= not plot.part and any(not branch.path for branch in fresh)
            names += restored
            lost += rescue.copied(plot.farm.root, plot.unnamed, self._family.members()) if plot.unnamed else ()
        return names, tuple(lost)

    def _kill(self, pid: int) -> None:
        if pid in (1, os.getpid(), os.getppid()) or self._family.belongs(pid):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            self._fates[pid] = "it was killed"

    def _outcome(self, healed: bool, names: int, sentence: str, lost: tuple[str, ...] = ()) -> Outcome:
        pause = time.monotonic() - self._begun
        culprits = tuple(Culprit(pid, said, self._fate(pid)) for pid, said in self._culprits.items())
        return Outcome(healed, names, pause, culprits, sentence, lost, self._aside)

    def _fate(self, pid: int) -> str:
        return self._fates.get(pid) or ("it goes on" if _is_alive(pid) else "it had come to its end")


def _is_alive(pid: int) -> bool:
    process = proc.parse_stat(proc.read(f"/proc/{pid}/stat"))
    return process is not None and process.state not in "ZXxTt"
