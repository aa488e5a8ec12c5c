"""guardsh freeze: the emergency brake."""

from __future__ import annotations

import sys

import click

from guardsh.judge import Wishes


@click.command("freeze")
@click.argument("directory", metavar="[DIR]", required=False)
@click.option("--confirm", metavar='"HOST ROLE"', help="The answer beforehand, for automation: literals, by a person.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, in order; do nothing.")
@click.option("--thaw", "thawing", is_flag=True, help="Make the disks writable again; the server stays stopped.")
def command(directory: str | None, confirm: str | None, dry_run: bool, thawing: bool) -> None:
    """Pull the emergency brake on the instance of DIR: nothing more is written to its disks.

    The HA manager and the server are held still (SIGSTOP), not ended; then the file systems of the data directory, of
    pg_wal and of the tablespaces are remounted read-only, or, where open files forbid that, frozen. One that the
    machine itself needs is left writable. Without DIR: the instance that an accident has hit, or the only one. Asks
    for host and role. Exit status: 0 done, 1 a disk stayed writable, 77 refused.

    \b
    guardsh freeze --dry-run /mnt/data/postgresql-14
    guardsh freeze /mnt/data/postgresql-14
    guardsh freeze --thaw /mnt/data/postgresql-14
    """
    from guardsh.operations import freeze

    sys.exit(freeze.thaw(directory) if thawing else freeze.freeze(directory, Wishes(confirm, None, dry_run)))
