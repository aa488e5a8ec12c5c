"""guardsh status: what this node is, and how we know."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time

import click

from guardsh.model.node import Node
from guardsh.observe import boot, node, repositories, stack
from guardsh.policy import config
from guardsh.screen import status
from guardsh.screen.facts import SCHEMA, facts
from guardsh.system.apart import Deadline

_INTERVAL = 2.0


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
        return json.dumps({"schema": SCHEMA, **facts(seen)}, indent=2)
    return "\n".join(status.status(seen, shutil.get_terminal_size().columns))
