"""The session that a client of the caller's would get: by its parameters, environment, account and password file."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from guardsh.model.observed import Known, Observed, Unknown
from guardsh.system import database, proc
from guardsh.system.apart import Account, Deadline
from guardsh.system.database import Answers, Row

if TYPE_CHECKING:
    import psycopg

_ELSEWHERE = ("PGHOST", "PGHOSTADDR", "PGSERVICE")
_CONNECTED_TO = "select inet_client_port()"


@dataclass(frozen=True, slots=True)
class Reply:
    """What answered. ``host`` is a name, an address or a socket directory; ``postmaster`` the process on this node
    that serves the session, None where that is not certain; ``version`` such as "15"."""

    host: str
    port: int
    version: str
    postmaster: int | None
    answers: Answers


def listener(parameters: Mapping[str, str], environment: Mapping[str, str]) -> int | None:
    """The process that listens on the Unix socket that a client would use; None for a network address or a service,
    and where nobody listens. Nothing is sent, and no permission in the database is needed."""
    parameters = _expanded(parameters)
    directory = _socket_directory(parameters, environment)
    if directory is None:
        return None
    port = parameters.get("port") or environment.get("PGPORT") or str(database.DEFAULT_PORT)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)) as door:
        try:
            door.connect(f"{directory.replace('@', chr(0))}/.s.PGSQL.{port}")
        except OSError:
            return None
        return _peer(door)


def _socket_directory(parameters: Mapping[str, str], environment: Mapping[str, str]) -> str | None:
    if "PGSERVICE" in environment or {"service", "hostaddr"} & parameters.keys():
        return None
    port = parameters.get("port") or environment.get("PGPORT") or str(database.DEFAULT_PORT)
    host = parameters.get("host") or environment.get("PGHOST") or ""
    if environment.get("PGHOSTADDR") or (host and host[0] not in "/@"):
        return None
    return host or (database.default_socket_directory(int(port)) if port.isdecimal() else None)


def is_conninfo(database_name: str) -> bool:
    """Whether libpq takes a database's name for a connection string (fe-connect.c, recognized_connection_string)."""
    return "=" in database_name or database_name.startswith(("postgresql://", "postgres://"))


def host_of(parameters: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """The host that would be asked for, as given; "" where none is."""
    said = _expanded(parameters)
    return said.get("host") or said.get("hostaddr") or environment.get("PGHOST") or environment.get("PGHOSTADDR") or ""


def _expanded(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """With what a connection string in place of the database's name says, which outweighs the rest."""
    if not is_conninfo(parameters.get("dbname", "")):
        return parameters
    import psycopg

    try:
        said = psycopg.conninfo.conninfo_to_dict(parameters["dbname"])
    except psycopg.ProgrammingError:
        return {"service": "a connection string that libpq does not understand"}
    return {**parameters, **{name: str(value) for name, value in said.items()}}


def ask(
    parameters: Mapping[str, str],
    environment: Mapping[str, str],
    statements: Sequence[LiteralString],
    deadline: Deadline,
) -> Observed[Reply]:
    """Ask whoever answers there, in this process: only ever in a child, since account and environment change.

    A password that would have to be typed is not asked for. Unknown says why there is no session, in a few words.
    """
    database.load()
    user = _become(environment)
    import psycopg

    try:
        settings = _settings(parameters, user)
        connection = psycopg.connect(autocommit=True, prepare_threshold=None, **settings)
    except psycopg.ProgrammingError:  # its text may quote a password
        return Unknown("its connection settings are not understood")
    except psycopg.Error as error:
        return Unknown(database.meaning(str(error)) or database.plain(str(error)))
    with connection:
        answers = database.answers_of(connection, statements, deadline)
        return Known(_reply(connection, answers), f"{answers.where} as {answers.user}")


def _become(environment: Mapping[str, str]) -> str | None:
    """Take the caller's environment and, after sudo, the other account (HOME is ``~name`` then): its name."""
    home = environment.get("HOME", "")
    os.environ.clear()
    os.environ.update(environment)
    os.environ.setdefault("PGGSSENCMODE", "disable")  # psycopg warns on stderr where it is left open
    if not home.startswith("~"):
        return None
    entry = pwd.getpwnam(home[1:])
    os.environ["HOME"] = entry.pw_dir
    if os.geteuid() == 0:
        Account(entry.pw_uid, entry.pw_gid).become()
    return entry.pw_name


def _settings(parameters: Mapping[str, str], user: str | None) -> dict[str, Any]:
    """libpq's parameters: what a connection string says outweighs the options beside it (psql(1))."""
    from psycopg.conninfo import conninfo_to_dict

    given: dict[str, Any] = dict(parameters)
    if is_conninfo(given.get("dbname", "")):
        given |= conninfo_to_dict(given.pop("dbname"))
    if not {"host", "hostaddr", "service"} & given.keys() and not any(name in os.environ for name in _ELSEWHERE):
        port = str(given.get("port") or os.environ.get("PGPORT") or database.DEFAULT_PORT)
        given["host"] = database.default_socket_directory(int(port) if port.isdecimal() else 0)
    if user is not None and "user" not in given and "PGUSER" not in os.environ:
        given["user"] = user
    return given | {"application_name": "guardsh"}


def _reply(connection: psycopg.Connection[Row], answers: Answers) -> Reply:
    return Reply(
        host=connection.info.host,
        port=connection.info.port,
        version=str(connection.info.server_version // 10000),
        postmaster=_postmaster(connection),
        answers=answers,
    )


def _postmaster(connection: psycopg.Connection[Row]) -> int | None:
    """Over a network address, only a session that reaches us without a proxy or tunnel between is of this node."""
    with socket.socket(fileno=os.dup(connection.fileno())) as door:
        if door.family == socket.AF_UNIX:
            return _peer(door)
        own, peer = door.getsockname(), door.getpeername()
    loopback = peer[0] == own[0] or peer[0].startswith("127.")
    seen = connection.execute(_CONNECTED_TO).fetchone()
    if not loopback or seen is None or seen[0] != own[1]:
        return None
    backend = proc.parse_stat(proc.read(f"/proc/{connection.info.backend_pid}/stat"))
    return backend.parent if backend else None


def _peer(door: socket.socket) -> int:
    """Who listens on a Unix socket (unix(7))."""
    return int(struct.unpack("3i", door.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
