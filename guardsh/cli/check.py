"""guardsh check: the verdict and its evidence; nothing is run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from guardsh import judge
from guardsh.commands import COMMANDS
from guardsh.commands.shell_found import Reading
from guardsh.judge import Case
from guardsh.line import entrance
from guardsh.model.verdict import Caller, Decision
from guardsh.screen import report
from guardsh.screen.facts import SCHEMA, facts
from guardsh.screen.plain import safe

STATUSES = {Decision.ALLOW: 0, Decision.NOTICE: 0, Decision.CHALLENGE: 10, Decision.REFUSE: 11}


@click.command("check", context_settings={"allow_interspersed_args": False})
@click.option("--json", "as_json", is_flag=True, help="For programs: docs/json.md.")
@click.option("--unattended", is_flag=True, help="Judge as where nobody can be asked.")
@click.option(
    "--line", "text", metavar="TEXT", help="A whole line as it would be typed; - reads it from standard input."
)
@click.argument("words", metavar="-- COMMAND…", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...], as_json: bool, unattended: bool, text: str | None) -> None:
    """Say what would be decided about a command or a line, and why. Nothing is run.

    Exit status: 0 it would run, 10 it would be asked about, 11 it would be refused.

    \b
    guardsh check -- rm -rf /mnt/data/postgresql-14
    guardsh check --json -- wal-g backup-fetch /mnt/data/postgresql-14 LATEST
    guardsh check --line 'cd /mnt/data && sudo rm -rf postgresql-14/* | tee rm.log'
    """
    if bool(words) is (text is not None):
        raise click.UsageError("either a COMMAND or --line is needed")
    caller = Caller(attended=not unattended, why="--unattended" if unattended else "check", uid=os.getuid())
    if text is None:
        sys.exit(_say(judge.words(words, caller=caller), Reading(()), as_json))
    line = sys.stdin.buffer.read().decode(errors="surrogateescape") if text == "-" else text
    reading = entrance.typed(line)
    sys.exit(_say(judge.line(reading, (line,), caller=caller) or (judge.nothing(line, caller),), reading, as_json))


def _say(cases: Sequence[Case], reading: Reading, as_json: bool) -> int:
    whole = judge.together(cases)
    if as_json:
        click.echo(json.dumps(_facts(whole, cases, reading), indent=2))
    elif not whole.intents and not _is_read(whole):
        click.echo("\n".join([_not_read(whole), *_elsewhere(reading)]))
    else:
        click.echo("\n".join([*report.verdict(whole.verdict), *_uncertain(cases), *_elsewhere(reading)]))
    return STATUSES[whole.verdict.decision]


def _facts(whole: Case, cases: Sequence[Case], reading: Reading) -> dict[str, Any]:
    commands = [
        {
            "words": list(case.invocation.words),
            "prefixes": list(case.invocation.prefixes),
            "cwd": case.invocation.cwd,
            "uncertain": list(case.found.doubts),
            "decision": case.verdict.decision.name.lower(),
        }
        for case in cases
        if case.intents
    ]
    seen = {"commands": commands, "elsewhere": list(reading.elsewhere), "findings": facts(whole.findings)}
    return {"schema": SCHEMA, **report.facts(whole.verdict), **seen}


def _not_read(case: Case) -> str:
    if case.words and not case.invocation.words:
        return f"{safe(case.verdict.host)}: nothing of Postgres would be touched. It would run."
    return f"{safe(case.invocation.name)} is not a command that guardsh reads. It would run."


def _is_read(case: Case) -> bool:
    return bool(case.invocation.words) and case.invocation.name in COMMANDS


def _uncertain(cases: Sequence[Case]) -> Iterator[str]:
    """What is not known of the words, whatever was decided."""
    for sentence in dict.fromkeys(doubt for case in cases for doubt in case.found.doubts):
        yield f"uncertain: {safe(sentence)}"


def _elsewhere(reading: Reading) -> Iterator[str]:
    return (f"out of sight: {safe(sentence)}" for sentence in reading.elsewhere)
