"""guardsh uninstall: everything that install has put in place, undone to the byte."""

from __future__ import annotations

import os
import sys

import click

from guardsh.cli.install import INCOMPLETE, chosen, failed
from guardsh.operations import install, install_plan, insure
from guardsh.operations.diversion import DiversionError
from guardsh.operations.install_manifest import ManifestError
from guardsh.operations.install_tree import Tree
from guardsh.screen.plain import safe


@click.command("uninstall")
@click.option("--user", is_flag=True, help="What was installed with --user.")
@click.option("--root", metavar="DIR", default="/", help="From an image, or a test tree, instead of this machine.")
@click.option("--dry-run", is_flag=True, help="Show what would be undone; change nothing.")
def command(user: bool, root: str, dry_run: bool) -> None:
    """Undo what install has done. The program itself, its configuration and the audit trail stay.

    Insurance ends, and its second names are taken away. A file that was changed since is left. Exit
    status: 1 where something had to be left.

    \b
    guardsh uninstall --dry-run
    guardsh uninstall
    """
    places, tree = chosen(user, root), Tree(os.path.abspath(root))
    try:
        insured = places is install_plan.NODE and tree.root == "/" and _end_insurance(dry_run)
        if places is install_plan.NODE and tree.root == "/" and not dry_run:
            install.stop_watcher()
        done = (install.plan_uninstall if dry_run else install.uninstall)(tree, places.manifest, click.echo)
    except (OSError, ValueError, ManifestError, DiversionError) as error:
        failed(error)
    sys.exit(0 if done and not insured else INCOMPLETE)


def _end_insurance(dry_run: bool) -> bool:
    """Take the second names of insured directories away, which nobody would keep any more; whether some are left."""
    if dry_run:
        for directory in insure.every_insured():
            click.echo(f"insure --off {safe(directory)}")
        return False
    left = insure.off_everywhere()
    for sentence in left:
        click.echo(f"left: {safe(sentence)}", err=True)
    return bool(left)
