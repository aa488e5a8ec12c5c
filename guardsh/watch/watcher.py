"""The watcher: waits for events, looks, and says what the node is, to the state file and to every terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from guardsh.model.instance import Instance, Server
from guardsh.model.node_state import HEARTBEAT, NodeState
from guardsh.model.observed import Known
from guardsh.observe import node
from guardsh.policy.node_state import not_known, with_arrays
from guardsh.remedies import keeping
from guardsh.system.apart import Deadline
from guardsh.system.signals import Signals
from guardsh.watch import pulse, service, survey, view
from guardsh.watch.broadcast import Broadcast
from guardsh.watch.events import Events
from guardsh.watch.insurance_flags import with_insurance
from guardsh.watch.pulse import Newcomers, Pulse
from guardsh.watch.sessions import Line, Sessions
from guardsh.watch.state_file import StateFile
from guardsh.watch.survey import Look, Pair, Places
from guardsh.watch.timetable import Timetable

_EVERY = {"pulse": 1.0, "heartbeat": HEARTBEAT, "survey": 60.0}  # seconds
_DEADLINE = 2.0  # seconds for a look, and for an answer
_ANSWER = 0.1  # seconds that a fresh look waits for the answers to go with it
_MOST_REMEMBERED = 64  # data directories
_JUMP = 1.0  # seconds that the clock may be set by without a new line


class Watcher:
    """Keeps one state file and one registry of terminals. ``root`` holds the ``proc``, ``sys`` and ``etc`` that are
    read; ``wall`` and ``clock`` tell the time of day and a time that is never set."""

    def __init__(
        self,
        file: StateFile,
        broadcast: Broadcast,
        root: str = "/",
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._broadcast = broadcast
        self._root = root
        self._wall, self._clock = wall, clock
        self._proc = os.path.join(root, "proc")
        self._events = Events(os.path.join(self._proc, "mdstat"))
        self._sessions = Sessions(_DEADLINE, clock)
        self._newcomers = Newcomers(self._proc)
        self._pulses: dict[int, Pulse] = {}
        self._beats: dict[int, object] = {}
        self._timetable = Timetable(clock(), _EVERY)
        self._places = Places((), ())
        self._remembered: tuple[str, ...] = ()  # data directories in which a server ran
        self._look: Look | None = None
        self._by_driver: dict[Pair, Instance] = {}
        self._written: NodeState | None = None
        self._offset = 0.0
        self._begun = clock()
        self._complaint = ""

    def run(self, abandoned: Callable[[], bool] = lambda: False) -> None:
        """Until a signal asks to end, or nobody is left to watch for."""
        with Signals() as signals:
            while not signals.noted and not abandoned():
                self.turn(signals)
        service.tell(service.STOPPING)
        self._say(not_known(self._wall()))

    def once(self) -> None:
        """Say what the node is, once."""
        with Signals() as signals:
            while self._written is None and not signals.noted:
                self.turn(signals)

    def close(self) -> None:
        """End all sessions and follow nothing any more."""
        self._sessions.leave()
        self._events.close()

    def turn(self, signals: Signals) -> None:
        """Wait for the next event or moment, and do what it asks for."""
        open_lines = [line for line in self._sessions.lines() if line.session is not None]
        due = self._timetable.seconds_left(self._clock())
        seconds = self._awaited() if self._awaits_answers() else min(due, self._awaited())
        sessions = [line.session for line in open_lines if line.session is not None]
        woken = self._events.wait(seconds, [signals, *sessions])
        now = self._clock()
        if woken.news:
            self._expect_change(now)
        for line in open_lines:
            if line.session is not None and line.session.fileno() in woken.answers:
                self._receive(line, now)
        self._do_regular_work(now)
        if not self._awaits_answers():
            if self._is_somebody_late():
                self._publish()  # before the next look asks, and waits, again
            if self._timetable.take_look(now):
                self._look_again()
        self._publish()

    def _receive(self, line: Line, now: float) -> None:
        """An answer that changes the role, or the end of answers, calls for a look: they are judged together."""
        before = _said(line)
        line.receive()
        if line.asking_since is None and not self._may_stay(line.server):
            line.leave()
        if before != _said(line):
            self._timetable.expect_change(now)

    def _do_regular_work(self, now: float) -> None:
        for line in self._sessions.lines():
            line.expire()
        if self._timetable.take("survey", now):
            self._find_places()
            self._timetable.look(now)
        if self._timetable.take("pulse", now):
            self._feel_pulses(now)
            self._broadcast.retry()
        if self._timetable.take("heartbeat", now):
            if self._newcomers.arrived(frozenset(self._pulses)):
                self._expect_change(now)
            self._ask()
            self._broadcast.learn()
            self._follow_arrays()
            self._repeat()
            if self._root == "/" and not service.is_there():
                keeping.revive()

    def _expect_change(self, now: float) -> None:
        self._timetable.expect_change(now)
        for line in self._sessions.lines():
            line.hurry()

    def _find_places(self) -> None:
        found = survey.places(Deadline(_DEADLINE), self._root)
        if isinstance(found, Known):
            self._places = found.value

    def _feel_pulses(self, now: float) -> None:
        beats = {pid: each.beat() for pid, each in self._pulses.items()}
        if beats != self._beats:
            self._expect_change(now)
        self._beats = dict(beats)
        offset = self._wall() - self._clock()
        if abs(offset - self._offset) > _JUMP:
            self._offset = offset
            self._repeat()

    def _look_again(self) -> None:
        known = dict.fromkeys((*self._remembered, *self._places.directories))
        self._look = survey.look(tuple(known), Deadline(_DEADLINE), self._root)
        self._remember(self._look)
        servers = [server for _, server in self._look.pairs if server is not None]
        self._sessions.meet(servers)
        self._events.follow((directory.place.path for directory, _ in self._look.pairs), [each.pid for each in servers])
        self._pulses = {each.pid: self._pulses.get(each.pid) or Pulse(each.pid, self._proc) for each in servers}
        self._ask()
        self._ask_by_driver(self._look)

    def _remember(self, look: Look) -> None:
        """Where a server ran there is an instance, even if it is stopped now and lies where nobody would look."""
        kept = (
            directory.place.path
            for directory, server in look.pairs
            if server is not None or (directory.place.path in self._remembered and directory.place.identity)
        )
        self._remembered = tuple(islice(kept, _MOST_REMEMBERED))

    def _ask(self) -> None:
        """Ask every server. One that shuts down would wait for our session to end, if it does so in smart mode."""
        for line in self._sessions.lines():
            directory = line.server.directory
            if line.server.suspended or (directory is not None and pulse.stopping(directory.path)):
                line.leave()
            else:
                line.ask()

    def _may_stay(self, server: Server) -> bool:
        """Whether it would be seen that the server shuts down."""
        return server.directory is not None and os.access(f"{server.directory.path}/postmaster.pid", os.R_OK)

    def _ask_by_driver(self, look: Look) -> None:
        pairs = [pair for pair in look.pairs if pair[1] and self._needs_driver(pair[1])]
        instances = node.instances_of(pairs, self._places.connections, Deadline(_DEADLINE)) if pairs else ()
        self._by_driver = dict(zip(pairs, instances, strict=True))

    def _needs_driver(self, server: Server) -> bool:
        """Whether only psycopg can get in: with a password, or by a configured way."""
        line = self._sessions.line(server)
        configured = {each.directory for each in self._places.connections}
        named = server.directory is not None and server.directory.path in configured
        return line.refused or (named and not line.fresh and not isinstance(line.told, Known))

    def _awaited(self) -> float:
        """Seconds until an answer that is waited for is late."""
        since = [line.asking_since for line in self._sessions.lines() if line.asking_since is not None]
        if not since:
            return HEARTBEAT
        waited = self._clock() - min(since)
        return max(0.0, (_ANSWER if waited < _ANSWER else _DEADLINE) - waited)

    def _awaits_answers(self) -> bool:
        """Whether a server was asked just now: what was looked at is judged together with what it says."""
        since = [line.asking_since for line in self._sessions.lines() if line.asking_since is not None]
        return any(self._clock() - each < _ANSWER for each in since)

    def _is_somebody_late(self) -> bool:
        return any(line.asking_since is not None for line in self._sessions.lines())

    def _is_too_early(self) -> bool:
        """Whether the very first word would be said without what the servers say; they have their deadline for it."""
        begun = self._clock() - self._begun < _DEADLINE + _ANSWER
        return self._written is None and begun and any(line.fresh for line in self._sessions.lines())

    def _publish(self) -> None:
        """Say what is new, once it has been looked at and the servers had the time to answer."""
        if self._look is None or self._awaits_answers() or self._is_too_early():
            return
        state = with_insurance(view.state(self._look, self._sessions, self._by_driver, self._wall()), self._wall())
        if self._written is None or _content(state) != _content(self._written):
            self._say(state)

    def _follow_arrays(self) -> None:
        """How far they are, where something moves: in the line that the heartbeat writes anyway."""
        moving = self._written is not None and any(each.percent is not None for each in self._written.arrays)
        if moving and self._look is not None and self._written is not None:
            self._look = replace(self._look, arrays=survey.arrays(Deadline(_DEADLINE), self._root))
            self._written = with_arrays(self._written, self._look.arrays)

    def _repeat(self) -> None:
        """The heartbeat: the same state, written anew."""
        if self._written is not None:
            self._say(with_insurance(_at(self._written, self._wall()), self._wall()))

    def _say(self, state: NodeState) -> None:
        first = self._written is None
        self._written = state
        self._broadcast.show(state.role)
        try:
            self._file.write(state)
        except OSError as error:
            self._complain(f"could not write {self._file.path}: {(error.strerror or str(error)).lower()}")
        else:
            self._complaint = ""
            service.tell(service.READY if first else service.ALIVE)

    def _complain(self, complaint: str) -> None:
        """On the standard error stream, which the service manager keeps; once."""
        if complaint != self._complaint:
            sys.stderr.write(f"guardsh watch: {complaint}\n")
        self._complaint = complaint


def _said(line: Line) -> tuple[object, object]:
    """What of an answer is the role; None where there is no answer."""
    told = line.told
    if not isinstance(told, Known):
        return None, None
    receiver = told.value.replication.receiver
    status = getattr(receiver.value, "status", "") if isinstance(receiver, Known) else ""
    return told.value.in_recovery, status


def _content(state: NodeState) -> tuple[object, ...]:
    return state.role, state.state, state.flags, state.arrays


def _at(state: NodeState, wall: float) -> NodeState:
    return replace(state, written=int(wall))
