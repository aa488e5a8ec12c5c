"""pgcli (pgcli/main.py, 4.7): what -c, -f, --init-command and its standard input would do to which server."""

from __future__ import annotations

from guardsh.commands import libpq
from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.commands.sql_session import Session
from guardsh.model.intent import Connection, Intent, Invocation

# click's own parser knows clusters, --option=value and, like getopt, unambiguous prefixes only up to version 7.
GRAMMAR = declare(
    "-h, --host=TEXT",
    "-p, --port=INTEGER",
    "-u, --user, -U, --username=TEXT",
    "--timeout=INTEGER",
    "-W, --password",
    "-w, --no-password",
    "--single-connection",
    "-v, --version",
    "-d, --dbname=TEXT",
    "--pgclirc=FILE",
    "-D, --dsn=TEXT",
    "--list-dsn",
    "--row-limit=INTEGER",
    "--application-name=TEXT",
    "--less-chatty",
    "-t, --tuples-only",
    "--prompt=TEXT",
    "--prompt-dsn=TEXT",
    "-l, --list",
    "--ping",
    "--auto-vertical-output",
    "--warn=TEXT",
    "--ssh-tunnel=TEXT",
    "--log-file=TEXT",
    "--init-command=TEXT",
    "-c, --command=TEXT",
    "-y, --yes",
    "-f, --file=FILE",
    "--help",
)
_ONLY_LOOKS = ("--help", "--version", "--list", "--list-dsn", "--ping")


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """The statements of its options, or else of the standard input, where that is known."""
    line = read(GRAMMAR, invocation.arguments)
    if line.given(*_ONLY_LOOKS):
        return ()
    session = Session("pgcli", _connection(line), invocation)
    session.doubts = line.doubts
    for text in line.values("--init-command"):
        session.run(text)
    session.run_given(line)
    return session.intents()


def _connection(line: CommandLine) -> Connection:
    """An alias of pgclirc and a tunnel lead where only pgcli knows: with a parameter that libpq refuses."""
    for option in ("--dsn", "--ssh-tunnel"):
        if line.given(option):
            return libpq.of({"host": line.value(option) or "", "pgcli": option})
    return libpq.with_operands(line)
