"""guardsh run: guard and run one command."""

from __future__ import annotations

import sys

import click

from guardsh import guard
from guardsh.judge import Wishes
from guardsh.system import program


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.option("--confirm", metavar='"HOST ROLE"', help="The answer beforehand, for automation: literals, by a person.")
@click.option("--override", metavar="REASON", help="Be asked instead of refused; the reason goes on record.")
@click.option("--dry-run", is_flag=True, help="Show the verdict and its evidence; run nothing.")
@click.argument("words", metavar="-- COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
def command(words: tuple[str, ...], confirm: str | None, override: str | None, dry_run: bool) -> None:
    """Guard and run one command.

    \b
    guardsh run -- rm -rf /mnt/data/postgresql-14/*
    guardsh run --confirm "db-02 replica" -- pg_ctl stop -D /mnt/data/postgresql-14
    guardsh run --override "INC-42: disk is failing, backup verified" -- rm -rf /mnt/data/postgresql-14/*
    """
    if override is not None and not override.strip():
        raise click.BadParameter("a reason in words is needed: it goes on record", param_hint="--override")
    raw = program.original_arguments()[-len(words) :]
    sys.exit(guard.command(list(words), raw, Wishes(confirm, override, dry_run)))
