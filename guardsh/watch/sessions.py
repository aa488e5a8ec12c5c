"""The kept sessions: one for each live server that lets us in without a password, asked under a deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from guardsh.model.instance import Server
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.observe import replication
from guardsh.observe.replication import Testimony
from guardsh.system import database
from guardsh.system.session import Ended, Session

KEPT_IN = "postgres"  # in template1 a session would be in the way of CREATE DATABASE, and elsewhere of DROP DATABASE
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds before it is tried again
_PASSWORD = "authentication refused: "  # noqa: S105 (how a reason begins)


class Line:
    """What one server says, and the session that it says it on; ``clock`` is monotonic."""

    def __init__(self, server: Server, deadline: float, clock: Callable[[], float]) -> None:
        self.server = server
        self.told: Observed[Testimony] = Unknown("not asked yet")
        self.fresh = True  # until it has answered once, or not in time
        self.session: Session | None = None
        self.asking_since: float | None = None
        self._deadline = deadline
        self._clock = clock
        self._routes: list[dict[str, Any]] = []
        self._pause = _FIRST_PAUSE
        self._not_before = 0.0

    @property
    def silent(self) -> bool:
        """Whether it was asked and did not answer in time."""
        return isinstance(self.told, Unknown) and self.told.why.startswith("no answer")

    @property
    def refused(self) -> bool:
        """Whether it asks for a password, which psycopg may find."""
        return isinstance(self.told, Unknown) and self.told.why.startswith(_PASSWORD)

    def hurry(self) -> None:
        """Something has happened at the server: it may let us in now."""
        self._pause, self._not_before = _FIRST_PAUSE, 0.0

    def ask(self) -> None:
        """Ask, unless an answer is awaited or it is too early to try again."""
        if self.asking_since is not None or self._clock() < self._not_before:
            return
        self.asking_since = self._clock()
        if self.session is None:
            self._routes = [route for route in database.routes(self.server, None) if route["dbname"] == KEPT_IN]
            self._connect()
        else:
            self._attempt(lambda session: session.ask(replication.STATEMENTS))

    def receive(self) -> None:
        """Take what has arrived."""
        self._attempt(self._take)

    def expire(self) -> None:
        """Give up on an answer that does not come."""
        if self.asking_since is not None and self._clock() - self.asking_since >= self._deadline:
            self._end(f"no answer in {self._deadline:.1f} s")

    def leave(self) -> None:
        """Close the session: nothing of ours may be in the way of a server that shuts down."""
        if self.session is not None:
            self.session.close()
        self.session, self.asking_since = None, None

    def _connect(self) -> None:
        if not self._routes:
            self._end(f"{_PASSWORD}no account may connect")
            return
        try:
            self.session = Session(self.server, self._routes.pop(0), self._deadline * 0.4)
        except Ended as ended:
            self._end(ended.why)

    def _attempt(self, step: Callable[[Session], None]) -> None:
        if self.session is None:
            return
        try:
            step(self.session)
        except Ended as ended:
            if self._routes and not self.session.ready and _may_be_another(ended.why):
                self.session.close()
                self._connect()
            else:
                self._end(ended.why)

    def _take(self, session: Session) -> None:
        was_ready = session.ready
        answers = session.receive()
        if answers is not None:
            self.told = Known(replication.hear(answers), f"{answers.where} as {answers.user}")
            self.asking_since, self._pause, self.fresh = None, _FIRST_PAUSE, False
        elif session.ready and not was_ready:
            self._routes = []
            session.ask(replication.STATEMENTS)

    def _end(self, why: str) -> None:
        self.leave()
        self.told, self.fresh = Unknown(why), False
        self._not_before = self._clock() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


def _may_be_another(why: str) -> bool:
    """Whether another account may be let in."""
    return "does not exist" in why or why.startswith(_PASSWORD)


class Sessions:
    """The lines to all live servers."""

    def __init__(self, deadline: float, clock: Callable[[], float]) -> None:
        self._deadline = deadline
        self._clock = clock
        self._lines: dict[tuple[int, float], Line] = {}

    def meet(self, servers: Iterable[Server]) -> None:
        """Have a line to each of these servers and to no other."""
        before, self._lines = self._lines, {}
        for server in servers:
            key = (server.pid, server.started)
            line = before.pop(key) if key in before else Line(server, self._deadline, self._clock)
            line.server = server
            self._lines[key] = line
        for gone in before.values():
            gone.leave()

    def lines(self) -> tuple[Line, ...]:
        return tuple(self._lines.values())

    def line(self, server: Server) -> Line:
        return self._lines[(server.pid, server.started)]

    def leave(self) -> None:
        for line in self._lines.values():
            line.leave()
