"""The connection options that PostgreSQL's clients share."""

from __future__ import annotations

from guardsh.commands.grammar import CommandLine
from guardsh.model.intent import Connection

OPTIONS = (
    "-h, --host=HOSTNAME",
    "-p, --port=PORT",
    "-U, --username=NAME",
    "-w, --no-password",
    "-W, --password",
)
_KEYWORDS = {"--host": "host", "--port": "port", "--username": "user"}


def connection(line: CommandLine, database: str | None, user: str | None = None) -> Connection:
    """Where the options lead. ``database`` may be a connection string, whose values outweigh the options."""
    given = {keyword: value for option, keyword in _KEYWORDS.items() if (value := line.value(option)) is not None}
    if user is not None and "user" not in given:
        given["user"] = user
    if database is not None:
        given["dbname"] = database
    return of(given)


def with_operands(line: CommandLine) -> Connection:
    """Of psql and pgcli: DBNAME and USERNAME are the operands, as far as no option gave them."""
    operands = iter(line.operands)
    database = line.value("--dbname") or next(operands, None)
    return connection(line, database, next(operands, None))


def of(parameters: dict[str, str]) -> Connection:
    return Connection(tuple(sorted(parameters.items())))
