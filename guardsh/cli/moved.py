"""guardsh moved: what was put aside on this node."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

import click

from guardsh import guard
from guardsh.judge import Wishes
from guardsh.model.figures import duration, size
from guardsh.model.saved import Saved
from guardsh.observe import data_directory
from guardsh.operations import undo
from guardsh.screen.facts import SCHEMA
from guardsh.screen.plain import safe
from guardsh.system.apart import Deadline

FAILED = 1
_MEASURING = 1.0  # seconds for all estimates of size together


@click.group("moved", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For programs: docs/json.md.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List what was put aside on this node: by `guardsh clear`, and by a confirmed rm.

    \b
    guardsh moved
    guardsh moved purge 20261130-235900-4f1c
    """
    if context.invoked_subcommand is None:
        listed = undo.everything()
        deadline = Deadline(_MEASURING)
        click.echo(_as_json(listed, deadline) if as_json else "\n".join(_lines(listed, deadline)))


@command.command("purge")
@click.argument("name", metavar="ID")
@click.option("--confirm", metavar='"HOST ROLE"', help="The answer beforehand, for automation: literals, by a person.")
@click.option("--override", metavar="REASON", help="Be asked instead of refused; the reason goes on record.")
def purge(name: str, confirm: str | None, override: str | None) -> None:
    """Delete what was put aside, for good. It asks as for the data directory that it was.

    \b
    guardsh moved purge 20261130-235900-4f1c
    """
    try:
        gone = undo.purge(name, Wishes(confirm, override))
    except undo.UndoError as error:
        if str(error):
            click.echo(safe(f"guardsh moved: {error}"), err=True)
        sys.exit(guard.REFUSED if error.refused else FAILED)
    for each in gone:
        click.echo(safe(f"{each.id} is deleted: {each.what}"))


def _lines(listed: tuple[Saved, ...], deadline: Deadline) -> Iterator[str]:
    if not listed:
        yield "nothing was put aside on this node, as far as this account can see"
    for each in listed:
        found = data_directory.size(each.place, deadline)
        held = f"{'' if found.complete else 'at least '}{size(found.bytes)}"
        yield safe(f"{each.id}  {held}, {duration(time.time() - each.when)} ago, by {each.operator}: {each.what}")
        yield safe(f"    in {each.place}, {_free(each.place)}")
        yield from (safe(f"    {note}") for note in each.notes)


def _free(place: str) -> str:
    """How much room the file system has left: nothing is deleted for it, but it should be seen."""
    try:
        seen = os.statvfs(place)
    except OSError as error:
        return f"room left not known: {(error.strerror or '').lower()}"
    free, whole = seen.f_bavail * seen.f_frsize, max(1, seen.f_blocks * seen.f_frsize)
    return f"{size(free)} ({free * 100 // whole} %) of the file system are free"


def _as_json(listed: tuple[Saved, ...], deadline: Deadline) -> str:
    found = [{**asdict(each), "way": each.way.value, "size": _size(each, deadline)} for each in listed]
    return json.dumps({"schema": SCHEMA, "moved": found}, indent=2)


def _size(each: Saved, deadline: Deadline) -> dict[str, object]:
    return asdict(data_directory.size(each.place, deadline))
