"""psql (src/bin/psql/startup.c, PostgreSQL 12 to 18): what -c, -f and its standard input would do to which server."""

from __future__ import annotations

from guardsh.commands import libpq
from guardsh.commands.grammar import CommandLine, declare, read
from guardsh.commands.sql_session import Session
from guardsh.model.intent import Intent, Invocation

GRAMMAR = declare(
    "-c, --command=COMMAND",
    "-d, --dbname=DBNAME",
    "-f, --file=FILENAME",
    "-l, --list",
    "-v, --set=NAME=VALUE",
    "--variable=NAME=VALUE",
    "-V, --version",
    "-X, --no-psqlrc",
    "-1, --single-transaction",
    "-?, --help[=options]",
    *("-a, --echo-all", "-b, --echo-errors", "-e, --echo-queries", "-E, --echo-hidden", "-L, --log-file=FILENAME"),
    *("-n, --no-readline", "-o, --output=FILENAME", "-q, --quiet", "-s, --single-step", "-S, --single-line"),
    *("-A, --no-align", "--csv", "-F, --field-separator=STRING", "-H, --html", "-P, --pset=VAR[=ARG]"),
    *("-R, --record-separator=STRING", "-t, --tuples-only", "-T, --table-attr=TEXT", "-x, --expanded"),
    *("-z, --field-separator-zero", "-0, --record-separator-zero"),
    *libpq.OPTIONS,
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """The statements of -c and -f in their order, or else of the standard input, where that is known.

    Without any of them it is a session for typing in, or reads a pipe that cannot be seen: nothing is said of either.
    """
    line = read(GRAMMAR, invocation.arguments)
    if line.given("--help", "--version", "--list"):
        return ()
    session = Session("psql", libpq.with_operands(line), invocation)
    session.doubts = line.doubts
    session.variables = dict(_variables(line))
    session.run_given(line)
    return session.intents()


def _variables(line: CommandLine) -> list[tuple[str, str]]:
    pairs = (value.partition("=") for value in (*line.values("--set"), *line.values("--variable")))
    return [(name, value) for name, equals, value in pairs if equals]
