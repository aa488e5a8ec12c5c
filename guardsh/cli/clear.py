"""guardsh clear: empty a data directory by moving it aside."""

from __future__ import annotations

import sys

import click

from guardsh import aside, guard
from guardsh.judge import Wishes
from guardsh.operations import clear
from guardsh.remedies.record import NotDoneError
from guardsh.screen.plain import safe

FAILED = 1


@click.command("clear")
@click.argument("directory", type=click.Path())
@click.option("--remove", is_flag=True, help="The directory itself, too.")
@click.option("--into", default="", metavar="PATH", help="Keep it below PATH, on the same file system.")
@click.option("--confirm", metavar='"HOST ROLE"', help="The answer beforehand, for automation: literals, by a person.")
@click.option("--override", metavar="REASON", help="Be asked instead of refused; the reason goes on record.")
@click.option("--dry-run", is_flag=True, help="Show the verdict and its evidence; move nothing.")
def command(
    directory: str, *, remove: bool, into: str, confirm: str | None, override: str | None, dry_run: bool
) -> None:
    """Empty a data directory, or the rests of a restore, by moving what is in it aside.

    It takes no time at any size, and frees no space; `guardsh undo` brings it back. It asks as a deletion
    would. The directory of a running server is refused.

    \b
    guardsh clear /mnt/data/postgresql-14
    guardsh clear --remove /mnt/data/postgresql-14
    """
    wishes = Wishes(confirm, override, dry_run)
    if dry_run:
        sys.exit(guard.command(["guardsh", "clear", directory], [], wishes))
    try:
        kept = clear.clear(directory, wishes, remove=remove, into=into)
    except clear.ClearError as error:
        sys.exit(_failed(str(error), error.hint, guard.REFUSED if error.refused else FAILED))
    except (OSError, NotDoneError) as error:
        sys.exit(_failed(f"could not move aside: {aside.reason(error)}", "", FAILED))
    if not kept:
        click.echo(f"{safe(directory)} is empty already")
    for line in aside.told(kept):
        click.echo(safe(line))


def _failed(sentence: str, hint: str, status: int) -> int:
    for line in (sentence and f"guardsh clear: {sentence}", hint and f"hint: {hint}"):
        if line:
            click.echo(safe(line), err=True)
    return status
