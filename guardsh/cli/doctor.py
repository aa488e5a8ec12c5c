"""guardsh doctor: prove what is caught on this machine, and say what to do about the rest."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import click

from guardsh.operations import doctor
from guardsh.operations.doctor import Check, Outcome
from guardsh.operations.install_manifest import ManifestError
from guardsh.screen.facts import SCHEMA
from guardsh.screen.plain import safe

TO_DO, FAILED = 1, 125


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For programs: docs/json.md.")
def command(as_json: bool) -> None:
    """Prove what is caught on this machine: each spelling is really run, on a bait.

    Takes up to a minute, and goes on record as refused commands do. Exit status: 0 all is well, 1 there is something to
    do.

    \b
    guardsh doctor
    guardsh doctor --json | jq -r '.checks[] | select(.outcome == "wrong") | .what'
    """
    checks = []
    try:
        for check in doctor.examine():
            checks.append(check)
            if not as_json:
                click.echo(_line(check))
    except (OSError, ManifestError) as error:
        click.echo(f"guardsh: could not examine this machine: {error}", err=True)
        sys.exit(FAILED)
    wrong = sum(check.outcome is Outcome.WRONG for check in checks)
    if as_json:
        click.echo(json.dumps(facts(checks), indent=2))
    else:
        click.echo(f"{len(checks)} checks, {wrong} with something to do")
    sys.exit(TO_DO if wrong else 0)


def facts(checks: Iterable[Check]) -> dict[str, Any]:
    """For programs, as documented in docs/json.md."""
    return {"schema": SCHEMA, "checks": [{**asdict(check), "outcome": check.outcome.value} for check in checks]}


def _line(check: Check) -> str:
    by = f" by the {check.net}" if check.net else ""
    said = f"{check.outcome.value:5}  {safe(check.what):44}  {safe(check.found)}{by}"
    return said + (f"\n       hint: {safe(check.remedy)}" if check.remedy else "")
