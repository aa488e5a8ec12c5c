"""A session that is kept with a server on its own Unix socket, and never waits.

The protocol itself (version 3.0, "Frontend/Backend Protocol" in PostgreSQL's documentation) instead of libpq: a
process that stays must not hold the 20 MB that psycopg takes. It gets in where no password is asked for (peer, trust).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

from guardsh.model.instance import Server
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.system.database import Answers, Row, meaning, plain

_PROTOCOL = 3 << 16
_LONGEST = 1 << 20  # bytes of one message; nothing that we ask has so long an answer
# Reported as text; by the type's number in src/include/catalog/pg_type.dat. Everything else stays a text.
_TYPES: dict[int, Callable[[str], Any]] = {16: lambda text: text == "t", 20: int, 23: int, 701: float}


class Ended(Exception):  # noqa: N818 (an outcome: the server may have its reasons)
    """There is no session any more; ``why`` in a few words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Session:
    """One session, and what it asks. Raises ``Ended`` where the server cannot be reached, or is another one."""

    def __init__(self, server: Server, route: dict[str, Any], statement_seconds: float) -> None:
        self._route = route
        self.where = f"{route['host']}:{route['port']}"
        self.ready = False  # to be asked
        self._received = bytearray()
        self._statements: list[str] = []
        self._results: list[Observed[tuple[Row, ...]]] = []
        self._rows: list[Row] = []
        self._types: list[int] = []
        self._failure: Unknown | None = None
        self._in_hot_standby: bool | None = None
        self._socket = _connected(f"{route['host']}/.s.PGSQL.{route['port']}", server)
        self._send(_startup(route, statement_seconds))

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def ask(self, statements: Sequence[str]) -> None:
        """Send all of the statements; the answers come by ``receive``. Raises ``Ended``."""
        self.ready = False
        self._statements, self._results = list(statements), []
        self._send(b"".join(_message(b"Q", statement.encode() + b"\0") for statement in statements))

    def receive(self) -> Answers | None:
        """Take what has arrived; the answers once they are complete. Raises ``Ended``."""
        try:
            chunk = self._socket.recv(1 << 16)
        except BlockingIOError:
            return None
        except OSError as error:
            raise Ended("the connection was closed") from error
        if not chunk:
            raise Ended("the connection was closed")
        self._received += chunk
        return self._take_messages()

    def _take_messages(self) -> Answers | None:
        answers = None
        while len(self._received) >= 5:
            kind, length = self._received[:1], int.from_bytes(self._received[1:5], "big")
            if not 4 <= length <= _LONGEST:
                raise Ended("an answer that is not the protocol's")
            if len(self._received) <= length:
                break
            body = bytes(self._received[5 : length + 1])
            del self._received[: length + 1]
            try:
                answers = self._take(bytes(kind), body) or answers
            except (IndexError, ValueError, struct.error) as error:
                raise Ended("an answer that is not the protocol's") from error
        return answers

    def _take(self, kind: bytes, body: bytes) -> Answers | None:
        if kind == b"R" and body[:4] != bytes(4):
            raise Ended("authentication refused: it asks for a password")
        if kind == b"S":
            self._note_parameter(body)
        elif kind == b"T":
            self._types = _column_types(body)
        elif kind == b"D":
            self._rows.append(_row(body, self._types))
        elif kind == b"E":
            self._fail(_fields(body))
        elif kind == b"Z":
            return self._end_statement()
        return None

    def _note_parameter(self, body: bytes) -> None:
        name, value, _ = body.split(b"\0")
        if name == b"in_hot_standby":
            self._in_hot_standby = value == b"on"

    def _fail(self, fields: dict[str, str]) -> None:
        message = fields.get("M", "no reason given")
        why = meaning(message) or plain(message)
        if not self._statements or fields.get("V") in ("FATAL", "PANIC"):
            raise Ended(why)
        self._failure = Unknown(why)

    def _end_statement(self) -> Answers | None:
        """Ready for query: after the start, and after every statement."""
        if not self._statements:
            self.ready = True
            return None
        self._results.append(self._failure or Known(tuple(self._rows), self.where))
        self._rows, self._types, self._failure = [], [], None
        if len(self._results) < len(self._statements):
            return None
        self._statements = []
        self.ready = True
        return Answers(self.where, str(self._route["user"]), self._in_hot_standby, tuple(self._results))

    def _send(self, data: bytes) -> None:
        try:
            sent = self._socket.send(data)
        except OSError as error:
            raise Ended("no answer" if isinstance(error, BlockingIOError) else "the connection was closed") from error
        if sent < len(data):
            raise Ended("no answer")


def _connected(path: str, server: Server) -> socket.socket:
    """Connect as the owner of the server (the kernel takes the effective ids then: unix(7), SO_PEERCRED)."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    as_owner = os.geteuid() == 0 and server.owner != 0
    try:
        if as_owner:
            os.seteuid(server.owner)
        try:
            door.connect(path)
        finally:
            if as_owner:
                os.seteuid(0)
        listener = struct.unpack("3i", door.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    except OSError as error:
        door.close()
        text = error.strerror or str(error)
        raise Ended("no answer" if isinstance(error, BlockingIOError) else meaning(text) or text.lower()) from error
    if listener != server.pid:
        door.close()
        raise Ended(f"{path} is not served by process {server.pid}")
    return door


def _startup(route: dict[str, Any], statement_seconds: float) -> bytes:
    """Nothing we ask may run long or write, or wait for a lock; some monitoring looks for who is connected."""
    limit = max(4, int(statement_seconds * 1000))
    parameters = {
        "user": route["user"],
        "database": route["dbname"],
        "application_name": "guardsh",
        "client_encoding": "UTF8",
        "default_transaction_read_only": "on",
        "statement_timeout": limit,
        "lock_timeout": limit // 4,
    }
    words = "".join(f"{name}\0{value}\0" for name, value in parameters.items()) + "\0"
    body = struct.pack("!i", _PROTOCOL) + words.encode()
    return struct.pack("!i", len(body) + 4) + body


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _column_types(body: bytes) -> list[int]:
    (count,) = struct.unpack_from("!h", body)
    types, position = [], 2
    for _ in range(count):
        position = body.index(b"\0", position) + 1
        types.append(int(struct.unpack_from("!ihihih", body, position)[2]))
        position += 18
    return types


def _row(body: bytes, types: list[int]) -> Row:
    values: list[Any] = []
    position = 2
    for number in types:
        (length,) = struct.unpack_from("!i", body, position)
        position += 4
        if length < 0:
            values.append(None)
            continue
        text = body[position : position + length].decode(errors="replace")
        values.append(_TYPES.get(number, str)(text))
        position += length
    return tuple(values)


def _fields(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse, by their letters; S, the severity, is also V since 9.6, never translated."""
    parts = body.rstrip(b"\0").split(b"\0")
    return {part[:1].decode(errors="replace"): part[1:].decode(errors="replace") for part in parts}
