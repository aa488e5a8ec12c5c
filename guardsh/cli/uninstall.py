"""guardsh uninstall: everything that install has put in place, undone to the byte."""

from __future__ import annotations

import os
import sys

import click

from guardsh.cli.install import INCOMPLETE, chosen, failed
from guardsh.operations import install, install_plan
from guardsh.operations.diversion import DiversionError
from guardsh.operations.install_manifest import ManifestError
from guardsh.operations.install_tree import Tree


@click.command("uninstall")
@click.option("--user", is_flag=True, help="What was installed with --user.")
@click.option("--root", metavar="DIR", default="/", help="From an image, or a test tree, instead of this machine.")
@click.option("--dry-run", is_flag=True, help="Show what would be undone; change nothing.")
def command(user: bool, root: str, dry_run: bool) -> None:
    """Undo what install has done. The program itself, its configuration and the audit trail stay.

    A file that was changed since is left. Exit status: 1 where something had to be left.

    \b
    guardsh uninstall --dry-run
    guardsh uninstall
    """
    places, tree = chosen(user, root), Tree(os.path.abspath(root))
    try:
        if places is install_plan.NODE and tree.root == "/" and not dry_run:
            install.stop_watcher()
        done = (install.plan_uninstall if dry_run else install.uninstall)(tree, places.manifest, click.echo)
    except (OSError, ManifestError, DiversionError) as error:
        failed(error)
    sys.exit(0 if done else INCOMPLETE)
