"""guardsh check: the verdict and its evidence; nothing is run."""

from __future__ import annotations

import json
import os
import sys

import click

from guardsh import guard
from guardsh.commands import COMMANDS
from guardsh.model.verdict import Caller, Decision
from guardsh.screen import report
from guardsh.screen.facts import SCHEMA, facts
from guardsh.screen.plain import safe

STATUSES = {Decision.ALLOW: 0, Decision.NOTICE: 0, Decision.CHALLENGE: 10, Decision.REFUSE: 11}


@click.command("check", context_settings={"allow_interspersed_args": False})
@click.option("--json", "as_json", is_flag=True, help="For programs: docs/json.md.")
@click.option("--unattended", is_flag=True, help="Judge as where nobody can be asked.")
@click.argument("words", metavar="-- COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
def command(words: tuple[str, ...], as_json: bool, unattended: bool) -> None:
    """Say what would be decided about a command, and why. Nothing is run.

    Exit status: 0 it would run, 10 it would be asked about, 11 it would be refused.

    \b
    guardsh check -- rm -rf /mnt/data/postgresql-14
    guardsh check --json -- wal-g backup-fetch /mnt/data/postgresql-14 LATEST
    """
    caller = Caller(attended=not unattended, why="--unattended" if unattended else "check", uid=os.getuid())
    case = guard.judge(list(words), guard.Wishes(), caller)
    if as_json:
        seen = {"schema": SCHEMA, **report.facts(case.verdict), "findings": facts(case.findings)}
        click.echo(json.dumps(seen, indent=2))
    elif case.invocation.name not in COMMANDS:
        click.echo(f"{safe(case.invocation.name)} is not a command that guardsh reads. It would run.")
    else:
        click.echo("\n".join(report.verdict(case.verdict)))
    sys.exit(STATUSES[case.verdict.decision])
