"""guardsh log: what was asked, answered and run."""

from __future__ import annotations

import json
from typing import Any

import click

from guardsh.audit import trail
from guardsh.policy import config
from guardsh.screen.plain import safe


@click.command("log")
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(min=1), help="The last N decisions.")
@click.option("--json", "as_json", is_flag=True, help="The lines as they are kept: docs/json.md.")
def command(lines: int, as_json: bool) -> None:
    """Show the audit trail, latest last; times are UTC.

    \b
    guardsh log -n 5
    guardsh log --json | jq 'select(.outcome == "reject")'
    """
    for event in list(trail.read(trail.places(config.in_force().audit_file)))[-lines:]:
        click.echo(json.dumps(event) if as_json else _line(event))


def _line(event: dict[str, Any]) -> str:
    if "broken" in event:
        return safe(f"{event['file']}, line {event['line']}: {event['broken']}")
    when = event["when"].partition(".")[0].replace("T", " ")
    who = event.get("operator", {}).get("account", "?")
    said = " ".join(event.get("argv", []))
    detail = "; ".join(filter(None, (event.get("detail"), event.get("override"))))
    return safe(f"{when}  {event.get('outcome', '?'):<6}  {who}  {said}  ({detail})")
