"""guardsh undo: put back what was moved aside."""

from __future__ import annotations

import sys

import click

from guardsh.operations import undo
from guardsh.screen.plain import safe

FAILED = 1


@click.command("undo")
@click.argument("name", metavar="[ID]", default="")
def command(name: str) -> None:
    """Put back what was put aside: what has this ID, or else the newest.

    It is a rename: mode, owner, times and attributes are as they were. What has come since is never
    overwritten: then nothing is changed, and it says what is in the way.

    \b
    guardsh undo
    guardsh undo 20261130-235900-4f1c
    """
    try:
        back = undo.undo(name)
    except undo.UndoError as error:
        click.echo(safe(f"guardsh undo: {error}"), err=True)
        sys.exit(FAILED)
    for each in back:
        click.echo(safe(f"{each.id} is back: {each.what}"))
        for path in undo.replaced(each):
            click.echo(safe(f"    what was there is kept: {path}"))
