"""guardsh expect: a runbook's precondition."""

from __future__ import annotations

import os
import sys

import click

from guardsh.observe import node
from guardsh.policy import config
from guardsh.policy.expectation import Expectation, Finding, hold
from guardsh.screen.plain import safe
from guardsh.system.apart import Deadline

HOLDS, DOES_NOT, NOT_KNOWN = 0, 1, 3
CONFIGURATION = 78


@click.command("expect")
@click.option("--role", type=click.Choice(["primary", "replica", "recovering"]), help="What the instance is.")
@click.option(
    "--state", type=click.Choice(["running", "starting", "stopped", "crashed"]), help="Whether its server runs."
)
@click.option("--host", metavar="NAME", help="The host name, short or full.")
@click.option("--replicas", metavar="N", type=click.IntRange(min=0), help="At least N standbys replay from it.")
@click.option("--array", type=click.Choice(["healthy"]), help="Every md array is complete and idle.")
@click.option("--archiver", type=click.Choice(["ok"]), help="WAL is archived, and the last attempt succeeded.")
@click.option("--instance", metavar="DIR", help="The data directory, where the node carries several.")
@click.option("-q", "--quiet", is_flag=True, help="Only the exit status.")
def command(quiet: bool, instance: str | None, **wanted: str | int | None) -> None:
    """State a runbook's precondition. Exit status: 0 all of it holds, 1 something does not, 3 it cannot be known.

    \b
    guardsh expect --host db-02 --role replica || exit
    guardsh expect --role primary --replicas 1 --archiver ok --array healthy
    """
    if all(value is None for value in wanted.values()):
        raise click.UsageError("nothing is expected: name at least one of --role, --state, --host, --replicas, …")
    try:
        policy = config.load()
    except config.ConfigurationError as error:
        click.echo("\n".join(error.problems), err=True)
        sys.exit(CONFIGURATION)
    directory = os.path.realpath(instance) if instance is not None else None
    also = (*policy.data_directories, directory) if directory else policy.data_directories
    seen = node.look(also, policy.connections, Deadline(policy.deadline))
    expectation = Expectation(instance=directory, **wanted)  # type: ignore[arg-type]  # click has checked the types
    findings = hold(expectation, seen)
    if not quiet:
        for finding in findings:
            click.echo(f"{_mark(finding):<10} {safe(finding.sentence)}")
    sys.exit(_status(findings))


def _mark(finding: Finding) -> str:
    return {True: "holds", False: "does not", None: "not known"}[finding.holds]


def _status(findings: tuple[Finding, ...]) -> int:
    if any(finding.holds is False for finding in findings):
        return DOES_NOT
    return HOLDS if all(finding.holds for finding in findings) else NOT_KNOWN
