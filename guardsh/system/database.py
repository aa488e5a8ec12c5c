"""The door to databases: one short, read-only session with one server (psycopg lives here only)."""

from __future__ import annotations

import os
import pwd
import re
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from guardsh.model.instance import Server
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.system import proc
from guardsh.system.apart import Account, Deadline, apart

if TYPE_CHECKING:
    import psycopg

Row = tuple[Any, ...]

STARTING = "the database system is starting up"
_DEFAULT_SOCKETS = ("/var/run/postgresql", "/tmp")  # noqa: S108 (where Debian, Red Hat and the source put them)
DEFAULT_PORT = 5432
_DATABASES = ("postgres", "template1")

# What a server or libpq says, and what it means in a few words; in English only, other languages are passed on.
_MEANINGS = {
    "is starting up": STARTING,
    "is not yet accepting connections": STARTING,  # 14 and newer, in recovery and not yet consistent
    "is not accepting connections": "hot standby is switched off",  # 14 and newer
    "is shutting down": "the database system is shutting down",
    "is in recovery mode": "the database system restarts after a crash of one of its processes",
    "too many clients": "too many clients",
    "connection slots are reserved": "too many clients",
    "too many connections": "too many clients",
    "No such file": "no socket",
    "Connection refused": "nobody listens",
    "Permission denied": "the socket may not be opened",
}
_REFUSALS = ("authentication failed", "pg_hba.conf", "no password supplied", "is not permitted to log in")
_ABSENT = "does not exist"  # a role or database; another may


@dataclass(frozen=True, slots=True)
class Answers:
    """What one session gave. ``results`` has one member per statement, each failing by itself."""

    where: str  # /run/postgresql:5432
    user: str
    in_hot_standby: bool | None  # reported at connection, PostgreSQL 14 and newer
    results: tuple[Observed[tuple[Row, ...]], ...]


def load() -> None:
    """Import psycopg (100 to 250 ms), once before several sessions are started in children.

    And all that a session imports on its way: as another account it may not be able to read our libraries.
    """
    import encodings.idna  # noqa: F401 (for the host name of a conninfo)

    import psycopg  # noqa: F401


def query(
    server: Server, conninfo: str | None, statements: Sequence[LiteralString], deadline: Deadline
) -> Observed[Answers]:
    """Ask in a child process; see ``session``."""
    answers = apart(lambda: session(server, conninfo, statements, deadline), deadline)
    return answers if isinstance(answers, Unknown) else answers.value


def session(
    server: Server, conninfo: str | None, statements: Sequence[LiteralString], deadline: Deadline
) -> Observed[Answers]:
    """Ask the server, in this process: only ever in a child (``system.apart``), since account and environment change.

    ``conninfo`` is the configured one; without it the server's own socket is tried, as the owner of its data
    directory, as ``postgres`` and as the caller. Root becomes the owner first, so that peer authentication works.
    Whoever answers must be ``server`` itself. Unknown says why there is no session, in a few words.
    """
    load()
    ways = list(routes(server, conninfo))
    _become(server.owner)
    connection = _connect(ways, server)
    if isinstance(connection, Unknown):
        return connection
    with connection:
        answers = answers_of(connection, statements, deadline)
    return Known(answers, f"{answers.where} as {answers.user}")


def routes(server: Server, conninfo: str | None) -> Iterator[dict[str, Any]]:
    """Connection parameters to try, in order."""
    if conninfo is not None:
        yield {"conninfo": conninfo}
        return
    port = server.port or DEFAULT_PORT
    host = server.socket_directory or default_socket_directory(port)
    names = (_name(server.owner), "postgres", _name(os.getuid()))
    for user in dict.fromkeys(name for name in names if name):
        for database in _DATABASES:
            yield {"host": host, "port": port, "user": user, "dbname": database}


def default_socket_directory(port: int) -> str:
    """A guess for a caller who may not read postmaster.pid; who answers there is checked."""
    present = (place for place in _DEFAULT_SOCKETS if os.path.exists(f"{place}/.s.PGSQL.{port}"))
    return next(present, _DEFAULT_SOCKETS[0])


def _name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _become(owner: int) -> None:
    """Take the owner's account and home (.pgpass), and forget the caller's own idea of where Postgres is."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    os.environ["PGGSSENCMODE"] = "disable"  # psycopg warns on stderr where it is left open
    if os.geteuid() != 0 or owner == 0:
        return
    try:
        entry = pwd.getpwuid(owner)
    except KeyError:  # an account of a container
        Account(owner, owner).become()
        return
    os.environ["HOME"] = entry.pw_dir
    Account(entry.pw_uid, entry.pw_gid).become()


def _connect(ways: list[dict[str, Any]], server: Server) -> psycopg.Connection[Row] | Unknown:
    """The first session that comes about; or the failure that says most, which is not a missing role's."""
    import psycopg

    failures: list[str] = []
    for way in ways:
        try:
            connection = psycopg.connect(autocommit=True, application_name="guardsh", prepare_threshold=None, **way)
        except psycopg.ProgrammingError:  # its text may quote a password
            return Unknown("the configured conninfo is not a connection string")
        except psycopg.Error as error:
            known = meaning(str(error))
            if known is not None:
                return Unknown(known)
            failures.append(plain(str(error)))
        else:
            return _checked(connection, server)
    return Unknown(next((failure for failure in failures if _ABSENT not in failure), failures[0]))


def _checked(connection: psycopg.Connection[Row], server: Server) -> psycopg.Connection[Row] | Unknown:
    """A socket or port may have another server behind it by now, or a pooler that leads elsewhere."""
    if _answering(connection) == server.pid:
        return connection
    where = _where(connection)
    connection.close()
    return Unknown(f"{where} is not served by process {server.pid}")


def _answering(connection: psycopg.Connection[Row]) -> int | None:
    """The postmaster: who listens on a Unix socket (unix(7), SO_PEERCRED), or else the parent of our backend."""
    with socket.socket(fileno=os.dup(connection.fileno())) as door:
        if door.family == socket.AF_UNIX:
            return int(struct.unpack("3i", door.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
    backend = proc.parse_stat(proc.read(f"/proc/{connection.info.backend_pid}/stat"))
    return backend.parent if backend else None


def answers_of(connection: psycopg.Connection[Row], statements: Sequence[LiteralString], deadline: Deadline) -> Answers:
    patience = deadline.left() * 0.4  # one slow statement leaves the time to bring home what the others said
    _limit(connection, patience)
    standby = connection.info.parameter_status("in_hot_standby")
    return Answers(
        where=_where(connection),
        user=connection.info.user,
        in_hot_standby=None if standby is None else standby == "on",
        results=tuple(_rows(connection, statement, patience, deadline) for statement in statements),
    )


def _limit(connection: psycopg.Connection[Row], seconds: float) -> None:
    """Nothing we ask may run long or write; several statements may each meet a lock, and are not to wait for it."""
    statement = max(4, int(seconds * 1000))
    connection.execute(
        "select set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false),"
        " set_config('default_transaction_read_only', 'on', false)",
        (str(statement), str(statement // 4)),
    )


def _rows(
    connection: psycopg.Connection[Row], statement: LiteralString, patience: float, deadline: Deadline
) -> Observed[tuple[Row, ...]]:
    import psycopg

    if deadline.left() < patience:
        return Unknown(f"not asked: no time left of {deadline.seconds:.1f} s")
    try:
        rows = connection.execute(statement).fetchall()
    except psycopg.Error as error:
        return Unknown(meaning(str(error)) or plain(str(error)))
    return Known(tuple(rows), f"{_where(connection)}")


def _where(connection: psycopg.Connection[Row]) -> str:
    return f"{connection.info.host}:{connection.info.port}"


def meaning(message: str) -> str | None:
    """What a server's or libpq's message means in a few words; None where it is none of the usual ones."""
    return next((meaning for fragment, meaning in _MEANINGS.items() if fragment in message), None)


def plain(message: str) -> str:
    """The server's own sentence, without libpq's and psycopg's introductions."""
    lines = [line for line in message.splitlines() if line.strip()] or ["no reason given"]
    sentence = re.sub(r"^.* failed: |^[A-Z]+:  ", "", lines[0]).removeprefix("FATAL:  ")
    return f"authentication refused: {sentence}" if any(word in message for word in _REFUSALS) else sentence
