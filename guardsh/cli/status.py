"""guardsh status: what this node is, and how we know."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import asdict

import click

from guardsh.cli import insure
from guardsh.model.node import Node
from guardsh.observe import boot, node, repositories, stack
from guardsh.policy import config
from guardsh.remedies import insured
from guardsh.screen import status
from guardsh.screen.facts import SCHEMA, facts
from guardsh.screen.plain import safe
from guardsh.system import errand
from guardsh.system.apart import Deadline

_INTERVAL = 2.0
_SHIELDED = ("", "this shell is shielded: no data directory can be written to from it (docs/shield.md)")


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="For programs: docs/json.md.")
@click.option("--watch", is_flag=True, help="Look again every two seconds, until Ctrl-C.")
def command(as_json: bool, watch: bool) -> None:
    """Show what this node is, and how we know.

    Every instance with its role and state, replicas, archive and clients; what it stands on, down to the
    disks; so the backups that are kept here; the arrays, and whether they would come up again at boot.

    \b
    guardsh status
    guardsh status --json | jq -r '.instances[].role.value'
    """
    while True:
        text = _shown(_seen(), as_json)
        if watch and sys.stdout.isatty():
            click.clear()
        click.echo(text)
        if not watch:
            return
        time.sleep(_INTERVAL)


def _seen() -> Node:
    try:
        policy = config.load()
    except config.ConfigurationError as error:
        click.echo("\n".join(error.problems), err=True)
        policy = config.builtin()
    deadline = Deadline(policy.deadline)
    seen = node.look(policy.data_directories, policy.connections, deadline, sizes=True)
    seen = repositories.on(seen, os.environ, deadline)
    return boot.ahead(stack.beneath(seen, deadline), deadline)


def _shown(seen: Node, as_json: bool) -> str:
    if as_json:
        reports = [asdict(report) for report in insured.reports()]
        return json.dumps({"schema": SCHEMA, **facts(seen), "insured": reports}, indent=2)
    lines = status.status(seen, shutil.get_terminal_size().columns)
    return "\n".join([*(_SHIELDED if errand.is_outside() else ()), *lines, *map(safe, _insured())])


def _insured() -> list[str]:
    """What is insured, and how that goes; an unreadable list is no reason not to show the rest."""
    try:
        return insure.shown()
    except (OSError, ValueError) as error:
        return [f"insured    not known: {error}"]
