"""The keeper of one insured data directory: follows its names, and puts back what nobody was allowed to take."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

from guardsh.model.instance import Server
from guardsh.model.place import Identity
from guardsh.remedies import farms, insured
from guardsh.remedies.farm_ground import NoFarmError
from guardsh.remedies.insured import Mode, Report
from guardsh.system import proc, processes, waiting
from guardsh.system.fanotify import Happened
from guardsh.system.signals import Signals
from guardsh.watch import overdue, urgency
from guardsh.watch.family import Family
from guardsh.watch.healing import Healing, Outcome
from guardsh.watch.lifeline import Lifeline
from guardsh.watch.plot import Plot

_BEAT = 0.25  # seconds between two rounds of looking
_WHOLE = 30.0  # seconds between two rounds over everything, whatever was told
_WAIT = 1.0  # seconds between two looks for a server
_CONFIRMED = 60.0  # seconds after the last removal that somebody confirmed

_ECHO = 0.5  # seconds in which what a confirmed command had started may have ended with it

Batch = list[tuple[Plot, list[Happened]]]


class Keeper:
    """``told`` is called with what became of an accident."""

    def __init__(self, directory: str, mode: Mode, told: Callable[[str, Outcome], None]) -> None:
        self._directory = directory
        self._mode = mode
        self._told = told
        self._heals = 0
        self._healed_at: float | None = None
        self._trouble = ""
        self._uninsured = ""  # a part of the instance, and why
        self._elsewhere: dict[str, str] = {}  # what was to be followed outside of the directory
        self._plots: list[Plot] = []
        self._server: Server | None = None
        self._confirmed_at = -_CONFIRMED

    def run(self) -> None:
        """Until a signal asks to end, or the directory is insured no longer."""
        urgency.take_descriptors()
        with Signals() as signals:
            while not signals.noted and self._is_wanted():
                self._server = self._running()
                if self._server is None:
                    with contextlib.suppress(OSError):  # pg_upgrade --link, mv and HA managers need it as it was
                        insured.lift(self._directory)
                    self._say("no server runs here: the names are kept as they are")
                    waiting.ready([signals.fileno()], _WAIT)
                else:
                    self._guard(self._server, signals)
        self._server = None
        self._say(insured.NO_KEEPER)

    def _is_wanted(self) -> bool:
        return insured.wanted().get(self._directory) is self._mode

    def _was_moved(self) -> bool:
        """Somebody may do that who has taken its mount on itself away: guardsh, after a question."""
        root = self._plots[0].farm.branches[""].real
        return self._identity() != Identity(os.fstat(root).st_dev, os.fstat(root).st_ino)

    def _running(self) -> Server | None:
        identity = self._identity()
        for server in processes.servers():
            place = server.directory
            if place is not None and not server.directory_deleted and place.identity == identity:
                return server
        return None

    def _guard(self, server: Server, signals: Signals) -> None:
        """For as long as this server lives. What nobody can follow is said, and looked at again later."""
        lifeline = Lifeline(server.pid)  # before there is anything that it should not hold open
        try:
            family = Family(server.pid)
            self._begin(family, lifeline)
            self._follow(family, server.pid, signals, lifeline)
        except (NoFarmError, OSError) as error:
            self._say(sentence(error))
            waiting.ready([signals.fileno()], _WAIT)
        finally:
            lifeline.close()
            for plot in self._plots:
                plot.close()
            self._plots = []

    def _begin(self, family: Family, lifeline: Lifeline) -> None:
        """Raises NoFarmError where what is there now must not be taken for what should be there."""
        if self._mode is Mode.HEAL:
            late = overdue.heal(self._directory, farms.roots(self._directory), family, lifeline)
            if late is not None:
                self._settle(late)
        missing = [name for name in overdue.ESSENTIAL if not os.path.lexists(f"{self._directory}/{name}")]
        if missing:
            raise NoFarmError(f"{missing[0]} was gone before the keeper came: what is left is not followed")
        insured.hold(self._directory)
        insured.let_allow(os.stat(self._directory).st_uid)
        self._plots = [Plot(self._directory)]
        insured.cover(os.path.dirname(self._plots[0].farm.place))
        self._elsewhere = {}
        self._follow_elsewhere()
        self._trouble = ""

    def _follow_elsewhere(self) -> None:
        """What links of it lead to: tablespaces come and go."""
        self._elsewhere = self._plots[0].farm.outlying()
        self._uninsured = ""
        for plot in [each for each in self._plots[1:] if each.farm.root not in self._elsewhere]:
            self._plots.remove(plot)
            plot.close()
            farms.clear(plot.farm.root)
        for root, part in self._elsewhere.items():
            if all(plot.farm.root != root for plot in self._plots):
                try:
                    self._plots.append(Plot(root, part))
                    insured.cover(os.path.dirname(self._plots[-1].farm.place))
                except (NoFarmError, OSError) as error:
                    self._uninsured = f"{root} is not insured: {sentence(error)}"

    def _follow(self, family: Family, server: int, signals: Signals, lifeline: Lifeline) -> None:
        urgency.take()
        with contextlib.ExitStack() as stack:
            alive = os.pidfd_open(server)
            stack.callback(os.close, alive)
            beat = whole = time.monotonic()
            while not signals.noted:
                queues = [plot.events.fileno() for plot in self._plots]
                ready = waiting.ready([alive, signals.fileno(), *queues], _BEAT)
                if not self._read(family, lifeline) or alive in ready:
                    return
                now = time.monotonic()
                if now - beat >= _BEAT:
                    beat = now
                    family.learn()
                    if self._is_wounded() and not self._heal(family, lifeline, self._batch()):
                        return
                    self._look(whole=now - whole >= _WHOLE)
                    whole = now if now - whole >= _WHOLE else whole
                    if not self._is_wanted() or self._was_moved():
                        return

    def _read(self, family: Family, lifeline: Lifeline) -> bool:
        """Take what is told; where that is an accident, heal it. Whether the directory can be followed on."""
        batch = self._batch()
        accident = self._accident(family, batch)
        if accident is None:
            self._take(family, batch)
            return True
        return self._heal(family, lifeline, batch, accident.pid)

    def _heal(self, family: Family, lifeline: Lifeline, batch: Batch, culprit: int = 0) -> bool:
        """Whether the directory can be followed on."""
        try:
            healing = Healing(family, lifeline, self._mode, [plot.farm for plot in self._plots])
        except ProcessLookupError:
            self._freeze("the server was gone when names vanished")
            return False
        healing.suspect(culprit)
        self._take(family, batch, healing)
        return self._settle(healing.heal(self._plots, lambda: self._take(family, self._batch(), healing)))

    def _is_wounded(self) -> bool:
        """For the case that nobody was told of it. Not where it was moved aside, or is to be let go."""
        return self._plots[0].is_wounded and self._is_wanted() and not self._was_moved()

    def _batch(self) -> Batch:
        return [(plot, list(plot.events.read())) for plot in self._plots]

    def _accident(self, family: Family, batch: Batch) -> Happened | None:
        """The first removal of all that is one; everything else can wait."""
        for plot, events in batch:
            for event in events:
                if event.is_opening:
                    family.belongs(event.pid)
                elif self._is_accident(family, plot, event):
                    return event
        return None

    def _is_accident(self, family: Family, plot: Plot, event: Happened) -> bool:
        if event.pid == os.getpid():
            return False
        belongs = family.belongs(event.pid)
        if belongs or not plot.grave(event, certain=belongs is False):
            return False
        if belongs is None and time.monotonic() - self._confirmed_at < _ECHO:
            plot.grant(event)
            return False
        root = os.fstat(self._plots[0].farm.branches[""].real)
        if insured.is_allowed(Identity(root.st_dev, root.st_ino), root.st_uid, event.pid):
            self._confirmed_at = time.monotonic()
            plot.grant(event)
            return False
        return True

    def _take(self, family: Family, batch: Batch, healing: Healing | None = None) -> bool:
        """Follow what the server and others do; whether a stranger took something."""
        strangers = False
        for plot, events in batch:
            for event in events:
                if event.pid == os.getpid() or event.is_opening:
                    continue
                belongs = family.belongs(event.pid)
                if not belongs and (event.is_removal or plot.grave(event, certain=belongs is False)):
                    strangers = True
                    plot.doubt(event)
                    if healing is not None and plot.grave(event, certain=True):
                        healing.suspect(event.pid)
                else:
                    self._learn(plot, event)
        return strangers

    def _learn(self, plot: Plot, event: Happened) -> None:
        try:
            plot.learn(event)
        except (OSError, NoFarmError) as error:
            self._trouble = f"second names cannot be made: {sentence(error)}"

    def _settle(self, outcome: Outcome) -> bool:
        """Whether the server goes on, and everything is followed again."""
        self._heals += outcome.healed
        self._healed_at = time.time() if outcome.healed else self._healed_at
        if not outcome.healed and not outcome.names:
            self._freeze(outcome.sentence)
        self._told(self._directory, outcome)
        return outcome.healed

    def _freeze(self, why: str) -> None:
        self._trouble = why
        for plot in self._plots:
            with contextlib.suppress(OSError):
                plot.farm.freeze(why)
        self._say(why)

    def _look(self, *, whole: bool) -> None:
        """Now and then at everything, whatever was told: then a trouble that is over is over."""
        if time.monotonic() - self._confirmed_at < _CONFIRMED:
            self._say("names have vanished that somebody confirmed: they are kept for a while")
            return
        try:
            whole = whole or bool(self._trouble)
            for plot in self._plots:
                plot.look(whole=whole)
            if not any(plot.is_behind for plot in self._plots):
                self._trouble = ""
            if self._elsewhere != self._plots[0].farm.outlying() or (whole and self._uninsured):
                self._follow_elsewhere()
        except (OSError, NoFarmError) as error:
            self._trouble = f"second names cannot be made: {sentence(error)}"
        self._say(self._trouble)

    def _identity(self) -> Identity | None:
        return proc.identity(self._directory)

    def _say(self, trouble: str) -> None:
        identity = self._identity()
        if identity is None:
            return
        report = Report(
            directory=self._directory,
            mode=self._mode.value,
            keeper=os.getpid(),
            server=self._server.pid if self._server else None,
            names=sum(plot.names + len(plot.unlinked) for plot in self._plots),
            files=sum(plot.names for plot in self._plots),
            heals=self._heals,
            healed=self._healed_at,
            trouble=trouble or self._uninsured,
            written=time.time(),
        )
        with contextlib.suppress(OSError):
            insured.report(identity, report)


def sentence(error: Exception) -> str:
    """What went wrong, for people."""
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {(error.strerror or str(error)).lower()}".removeprefix(": ")
    return str(error)
