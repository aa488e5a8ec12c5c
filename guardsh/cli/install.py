"""guardsh install: shims, diversions, the shells' hooks and the watcher's unit, put in place."""

from __future__ import annotations

import os
import sys

import click

from guardsh.cli import init
from guardsh.cli import insure as insure_by_hand
from guardsh.commands import SHIMMED
from guardsh.operations import install, install_login, install_manifest, install_plan, insure
from guardsh.operations.diversion import DiversionError
from guardsh.operations.install_tree import Tree
from guardsh.screen.plain import safe

INCOMPLETE, FAILED = 1, 125


@click.command("install")
@click.option("--user", is_flag=True, help="For this account only, below ~/.local.")
@click.option("--divert", "diverted", metavar="PATH", multiple=True, help="Guard this program at its own path, too.")
@click.option("--insure", "insuring", is_flag=True, help="Insure every running instance, too: guardsh insure.")
@click.option("--login-shield", "group", metavar="GROUP", help="Shield the login shells of a group: docs/shield.md.")
@click.option("--no-login-shield", "unshielded", is_flag=True, help="No longer.")
@click.option("--root", metavar="DIR", default="/", help="Into an image, or a test tree, instead of this machine.")
@click.option("--dry-run", is_flag=True, help="Show every change; make none.")
def command(
    user: bool,
    diverted: tuple[str, ...],
    *,
    insuring: bool,
    group: str | None,
    unshielded: bool,
    root: str,
    dry_run: bool,
) -> None:
    """Put guardsh in the way: shims, the shells' hooks, the watcher. Once more after an upgrade.

    What is not guardsh's own is never overwritten. Exit status: 1 where something had to be left.

    \b
    guardsh install --dry-run
    guardsh install --divert /opt/wal-g/wal-g
    guardsh install --insure
    guardsh install --login-shield dba
    guardsh install --user
    """
    if insuring and (user or root != "/"):
        raise click.UsageError("--insure is for the node's own instances: not with --user or --root")
    places, tree = chosen(user, root), Tree(os.path.abspath(root))
    shielded = None if unshielded else _group(tree, places, group)
    try:
        before = install_plan.already_diverted(install_manifest.read(tree, places.manifest))
        paths = list(dict.fromkeys((*before, *map(_guarded, diverted))))
        guardsh = _front_door()
        scripts = {shell: init.script(shell, guardsh) for shell in init.SHELLS}
        changes = install_plan.changes(tree, places, guardsh, scripts, paths, shielded=shielded)
        done = (install.plan if dry_run else install.install)(tree, places.manifest, changes, click.echo)
    except (OSError, install_manifest.ManifestError, DiversionError) as error:
        failed(error)
    if not dry_run:
        _after(places, tree)
    if insuring:
        done = _insure(dry_run) and done
    sys.exit(0 if done else INCOMPLETE)


def chosen(user: bool, root: str) -> install_plan.Places:
    """The node's places or the account's."""
    if user:
        return install_plan.of_account(os.path.expanduser("~"))
    if os.geteuid() != 0 and root == "/":
        raise click.UsageError("for the whole node this takes root; for this account only: --user")
    return install_plan.NODE


def _group(tree: Tree, places: install_plan.Places, name: str | None) -> install_login.Group | None:
    """Whose login shells are shielded: of the group named, or as before."""
    if name is not None and places.home:
        raise click.UsageError("--login-shield is for the whole node: without --user")
    name = name if name is not None or places.home else install_login.named(tree, places.lib)
    try:
        return install_login.group(tree, name) if name else None
    except install_login.NoGroup as error:
        hint = f"as root: groupadd --system {name}, then gpasswd -a ACCOUNT {name}"
        raise click.UsageError(f"{error}\nhint: {hint}") from error


def failed(error: Exception) -> None:
    """Say why, and end."""
    what = f"could not write {error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
    click.echo(f"guardsh: {what}\nhint: what was done is recorded; guardsh uninstall undoes it", err=True)
    sys.exit(FAILED)


def _insure(dry_run: bool) -> bool:
    """Every instance that runs now; whether all could be."""
    done = True
    for directory in insure.every_instance():
        if dry_run:
            click.echo(f"insure {safe(directory)}")
            continue
        try:
            done = insure_by_hand.turn_on(directory) == 0 and done
        except (insure.InsureError, OSError, ValueError) as error:
            click.echo(f"left {safe(directory)} uninsured: {safe(str(error))}", err=True)
            done = False
    return done


def _guarded(path: str) -> str:
    path = os.path.abspath(path)
    if os.path.basename(path) not in SHIMMED:
        raise click.BadParameter(f"{path} is none of {', '.join(sorted(SHIMMED))}", param_hint="--divert")
    return path


def _front_door() -> str:
    """The path that the shims start, no link that somebody may turn elsewhere."""
    path = os.path.realpath(init.program())
    if not os.access(path, os.X_OK) or os.path.basename(path) != "guardsh":
        raise click.UsageError(f"{path} is no program that a shim could start; call guardsh by its own path")
    return path


def _after(places: install_plan.Places, tree: Tree) -> None:
    """What makes it work at once."""
    if places is install_plan.NODE and tree.root == "/":
        install.start_watcher()
    if tree.root == "/":
        click.echo("hint: new shells have it; in this one: hash -r. Does it work: guardsh doctor")
